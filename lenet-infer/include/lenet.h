// LeNet inference with integers only: the same logits on every core, with no heap.
//
//     static struct lenet_engine engine;
//     struct lenet_prediction prediction;
//     enum lenet_status status = lenet_decode(&engine, bytes, length, NULL);
//     if (status == LENET_STATUS_OK)
//         status = lenet_classify(&engine, image, &prediction);
//     if (status != LENET_STATUS_OK)
//         puts(lenet_message(status));
//
// The model file, the image and the prediction must not overlap the engine.
//
// On Armv7-M and Armv8-M Mainline, leave CCR.UNALIGN_TRP clear, as it is after reset: the kernels load words from any
// address.
//
// Generated from src/capi.rs by cbindgen. To generate it again:
//
//     LENET_WRITE_HEADER=1 cargo test -p lenet-infer --features capi --test header

#ifndef LENET_H
#define LENET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Pixels of an image: 28 rows of 28, one byte each.
#define LENET_PIXELS 784

// The largest number of classes, and so of logits, that a model has. The smallest is 2.
#define LENET_MAX_CLASSES 64

// Words of an engine: 800 bytes on a 32-bit core.
#define LENET_ENGINE_WORDS 200

// How a call ended.
enum lenet_status {
    // The call succeeded.
    LENET_STATUS_OK = 0,
    // A pointer is null or misaligned, or memory overlaps that must not. The call did nothing.
    LENET_STATUS_BAD_POINTER = 1,
    // The engine holds no model: `lenet_decode` was not called, or it failed.
    LENET_STATUS_NOT_DECODED = 2,
    // The bytes end within the header of the model file.
    LENET_STATUS_TOO_SHORT = 3,
    // The bytes are not a model file: they do not start with "LNET".
    LENET_STATUS_MAGIC = 4,
    // The model file has a format version that this library does not read.
    LENET_STATUS_VERSION = 5,
    // There are fewer bytes than the header of the model file says.
    LENET_STATUS_LENGTH = 6,
    // The model file is damaged: its checksum is wrong.
    LENET_STATUS_CRC = 7,
    // The model file is misaligned: the padding before a layer's weights is wrong.
    LENET_STATUS_PADDING = 8,
    // The model file has fewer than 2 or more than 64 classes.
    LENET_STATUS_CLASS_COUNT = 9,
    // The model file does not hold a model of this network.
    LENET_STATUS_BODY = 10,
};

// A model with the memory to run it. C knows only its size, so that it can place it as a variable.
//
// `lenet_decode` takes an engine with any content. For `lenet_classify` to tell that there is no model yet, an engine
// must first be zero, as a static variable is.
struct lenet_engine {
    size_t words[LENET_ENGINE_WORDS];
};

// The answer for one image.
struct lenet_prediction {
    // `classes` logits, one per class, in accumulator units of the model's last layer. They lie in the engine and are
    // valid until its next call.
    const int32_t *logits;
    // The largest logit minus the second largest, in the same units: 0 or more.
    int32_t margin;
    // The margin in units of 1/256 nat, saturating at 65,535: the odds of the predicted class against the runner-up
    // are e^(confidence / 256).
    uint16_t confidence;
    // The class with the largest logit, the smallest such class on a tie: 0 to `classes` - 1.
    uint8_t predicted_class;
    // The number of classes of the model: 2 to `LENET_MAX_CLASSES`.
    uint8_t classes;
    // Whether the confidence reaches the confidence threshold of the model. Always true for a model without one.
    bool confident;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Checks a model file and makes the engine that runs it.
//
// `bytes` may be longer than the file, as a flash partition is. On success, the length of the file goes to
// `*file_length`, unless `file_length` is null. The file is not copied: it must stay where it is, unchanged, for as
// long as the engine is used. It may lie at any address; cores read it fastest at a multiple of four.
//
// Returns `LENET_STATUS_BAD_POINTER` and leaves the engine as it is if `engine` or `bytes` is null, if `engine` or
// `file_length` is misaligned, if any two of the three overlap, or if `length` is half the address space or more. After
// any other failure, the engine holds no model.
//
// # Safety
//
// Each pointer must be null or point to what its type says, `bytes` to `length` bytes. No other call, from an interrupt
// or another thread, may use the engine at the same time.
enum lenet_status lenet_decode(struct lenet_engine *engine, const uint8_t *bytes, size_t length, size_t *file_length);

// Classifies one image: `LENET_PIXELS` gray levels row by row, 0 for paper to 255 for ink.
//
// An image gives the same logits on every core, whatever was classified before. The logits lie in the engine until its
// next call.
//
// Returns `LENET_STATUS_BAD_POINTER` if a pointer is null, if `engine` or `prediction` is misaligned, or if `image` or
// `prediction` overlaps the engine; and `LENET_STATUS_NOT_DECODED` if the engine holds no model. Then `*prediction` is
// left as it is.
//
// # Safety
//
// Each pointer must be null or point to what its type says, `image` to `LENET_PIXELS` bytes. `prediction` must not
// overlap the model file. The engine must be zero or have been decoded into, and no other call, from an interrupt or
// another thread, may use it at the same time.
enum lenet_status lenet_classify(struct lenet_engine *engine,
                                 const uint8_t *image,
                                 struct lenet_prediction *prediction);

// Returns the text of a status: what is wrong and how to fix it. The text is constant and always valid.
const char *lenet_message(int status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LENET_H */
