// LeNet inference with integers only: the same ten logits on every core, with no heap.
//
//     static struct lenet_engine engine;
//     struct lenet_prediction prediction;
//     enum lenet_status status = lenet_decode(&engine, file, file_length);
//     if (status == LENET_STATUS_OK)
//         status = lenet_classify(&engine, image, &prediction);
//
// Made from src/capi.rs by cbindgen. To make it again:
//
//     LENET_WRITE_HEADER=1 cargo test -p lenet-infer --features capi --test header

#ifndef LENET_H
#define LENET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Pixels of a picture: 28 rows of 28.
#define LENET_PIXELS 784

// Classes, and so logits, of a model.
#define LENET_CLASSES 10

// Words of an engine.
#define LENET_ENGINE_WORDS 198

// How a call ended.
enum lenet_status {
    // Well.
    LENET_STATUS_OK = 0,
    // A pointer is null, or the engine or the prediction is not aligned.
    LENET_STATUS_BAD_POINTER = 1,
    // No file was decoded into the engine.
    LENET_STATUS_NOT_DECODED = 2,
    // The model file is cut short.
    LENET_STATUS_TOO_SHORT = 3,
    // The bytes are no model file.
    LENET_STATUS_MAGIC = 4,
    // The model file is of a format version that this library does not read.
    LENET_STATUS_VERSION = 5,
    // The model file is not as long as its header says.
    LENET_STATUS_LENGTH = 6,
    // The model file is damaged: its checksum does not fit.
    LENET_STATUS_CRC = 7,
    // The model file is for another number of classes.
    LENET_STATUS_CLASSES = 8,
    // The model file holds no model of this network.
    LENET_STATUS_BODY = 9,
};

// A model with the memory to run it. C knows its size only, to place it as a variable: static, so that it is zero at
// first, or set to zero.
struct lenet_engine {
    size_t words[LENET_ENGINE_WORDS];
};

// The answer for one picture.
struct lenet_prediction {
    // One logit a digit, in accumulator units of the model's last layer.
    int32_t logits[LENET_CLASSES];
    // The largest logit less the second largest.
    int32_t margin;
    // The margin in 1/256 nat: the odds of the digit against the runner-up are e^(confidence / 256).
    uint16_t confidence;
    // The digit with the largest logit.
    uint8_t digit;
    // Whether the confidence reaches the threshold that the model carries.
    bool confident;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Checks a model file and makes the engine that runs it. The file is not copied: it must stay where it is, unchanged,
// for as long as the engine is used.
//
// # Safety
//
// Each pointer must be null or point to what its type says, `file` to `length` bytes. The engine must be zero or have
// been decoded into, and no other call may use it at the same time.
enum lenet_status lenet_decode(struct lenet_engine *engine, const uint8_t *file, size_t length);

// Classifies one picture: `LENET_PIXELS` grey levels row by row, 0 for paper to 255 for ink. The same logits as on
// every other core, exactly.
//
// # Safety
//
// Each pointer must be null or point to what its type says, `image` to `LENET_PIXELS` bytes. The engine must be zero
// or have been decoded into, and no other call may use it at the same time.
enum lenet_status lenet_classify(struct lenet_engine *engine,
                                 const uint8_t *image,
                                 struct lenet_prediction *prediction);

// A status as a text that says what to do. Valid for ever.
const char *lenet_message(int status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LENET_H */
