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
// The model file, the image and the prediction must not overlap the engine. The image of a digit in a picture comes from
// lenet_prepare:
//
//     static struct lenet_preparer preparer;
//     const struct lenet_frame frame = {pixels, 160, 120, 160, 1};
//     struct lenet_digit digit;
//     status = lenet_prepare(&preparer, &frame, &digit);
//     if (status == LENET_STATUS_OK)
//         status = lenet_classify(&engine, digit.image, &prediction);
//
// On Armv7-M and Armv8-M Mainline, leave CCR.UNALIGN_TRP clear, as it is after reset: the kernels load words from any
// address.
//
// Generated from src/capi.rs, src/capi/status.rs and src/capi/prepare.rs by cbindgen. To generate it again:
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

// Words of an engine: 1,236 bytes on a 32-bit core. A core without the DSP extension uses 800 of them.
#define LENET_ENGINE_WORDS 309

// The side of the work grid on which pictures are prepared, in cells.
#define LENET_GRID_SIDE 48

// Words of a preparer: 6,000 bytes on a 32-bit core.
#define LENET_PREPARER_WORDS 1500

// The most digits that `lenet_find` finds.
#define LENET_MAX_DIGITS 16

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
    // The model file does not hold a model of this network, or one whose weights have a width that this build of the
    // library does not read: see `lenet_decode`.
    LENET_STATUS_BODY = 10,
    // A side of the frame is not 1 to 4096, or its rows overlap, or the pixel step is 0.
    LENET_STATUS_FRAME = 11,
    // No digit: nothing stands out from the paper.
    LENET_STATUS_NO_INK = 12,
    // No digit: the ink is less than 8 pixels tall and wide.
    LENET_STATUS_TOO_SMALL = 13,
    // No digit: the ink covers most of the picture.
    LENET_STATUS_TOO_LARGE = 14,
    // There are several digits, more than were asked for.
    LENET_STATUS_TOO_MANY = 15,
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

// The memory to prepare a picture. C knows only its size, so that it can place it as a variable. It may have any content.
struct lenet_preparer {
    size_t words[LENET_PREPARER_WORDS];
};

// A gray picture, read in place.
//
// The gray level of column x in row y, 0 to 255, is the byte at `pixels + y * row_stride + x * pixel_step`. So one channel
// of RGB, or the luma of YUYV, needs no copy.
struct lenet_frame {
    // The pixel in the upper left corner.
    const uint8_t *pixels;
    // The number of columns, 1 to 4096.
    size_t width;
    // The number of rows, 1 to 4096.
    size_t height;
    // The distance of two rows, in bytes: `width * pixel_step` if there is no gap between them.
    size_t row_stride;
    // The distance of two pixels of a row, in bytes: 1 if there is nothing between them.
    size_t pixel_step;
};

// A digit of a picture, ready for `lenet_classify`.
struct lenet_digit {
    // The image, `LENET_PIXELS` gray levels. It lies in the preparer and is valid until its next call, or until the next
    // digit is found.
    const uint8_t *image;
    // The first column of the picture that the digit covers.
    uint16_t left;
    // The first row.
    uint16_t top;
    // The column after the last.
    uint16_t right;
    // The row after the last.
    uint16_t bottom;
    // The line of digits it stands in, from 0 at the top.
    uint8_t line;
    // The level of its ink on the paper around it, 1 to 255. Ink of less than 30 is hard to see.
    uint8_t contrast;
    // The mean width of its strokes before they were widened, in 1/16 pixel of the image. MNIST's have 32 to 80.
    uint8_t stroke_width;
};

// A function that gets a digit that `lenet_find` found, and the context that was given to it. It returns whether to go on
// to the next digit. The digit and its image are valid until it returns.
//
// It may classify the digit, but must not use the preparer, and must return: no `longjmp`.
typedef bool (*lenet_found)(void *context, const struct lenet_digit *digit);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Checks a model file and makes the engine that runs it.
//
// `bytes` may be longer than the file, as a flash partition is. On success, the length of the file goes to
// `*file_length`, unless `file_length` is null. The file is not copied: it must stay where it is, unchanged, for as
// long as the engine is used. It may lie at any address; cores read it fastest at a multiple of four.
//
// The library reads models with int8, int4 and ternary weights. One that was built without the feature `int4` or `ternary`
// has no code for those weights, and answers a model that has them with `LENET_STATUS_BODY`.
//
// Returns `LENET_STATUS_BAD_POINTER` and leaves the engine as it is if `engine` or `bytes` is null, if `engine` or
// `file_length` is misaligned, if any two of the three overlap, or if `length` is half the address space or more. After
// any other failure, the engine holds no model.
//
// # Safety
//
// Each pointer must be null or point to what its type says, `bytes` to `length` bytes. No other call, from an interrupt
// or another thread, may use the engine at the same time.
enum lenet_status lenet_decode(struct lenet_engine *engine,
                               const uint8_t *bytes,
                               size_t length,
                               size_t *file_length);

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

// Prepares the only digit of a picture: from gray levels to the image that `lenet_classify` takes.
//
// A picture gives the same image on every core, whatever was prepared before. The digit's image lies in the preparer until
// its next call.
//
// Returns `LENET_STATUS_BAD_POINTER` if a pointer is null, if `preparer`, `frame` or `digit` is misaligned, if the preparer
// overlaps one of the others or the pixels, or if `digit` overlaps the frame or the pixels; `LENET_STATUS_FRAME` if the
// frame cannot be as it says; and the reason if the picture shows no digit or more than one. Then `*digit` is left as it
// is.
//
// # Safety
//
// Each pointer must be null or point to what its type says, `frame->pixels` to all pixels of the frame. No other call, from
// an interrupt or another thread, may use the preparer at the same time, and nothing may write to the pixels meanwhile.
enum lenet_status lenet_prepare(struct lenet_preparer *preparer,
                                const struct lenet_frame *frame,
                                struct lenet_digit *digit);

// Finds the digits of a picture, at most `LENET_MAX_DIGITS`, and passes each to `found` with `context`: line by line from
// the top, each line from left to right.
//
// Returns `LENET_STATUS_OK` if there was a digit, whether or not `found` asked for all. Returns
// `LENET_STATUS_BAD_POINTER` if a pointer but `context` is null, if `preparer` or `frame` is misaligned, or if the preparer
// overlaps the frame or its pixels; `LENET_STATUS_FRAME` if the frame cannot be as it says; and the reason if the picture
// shows no digit or too many. Then `found` is not called.
//
// # Safety
//
// As for `lenet_prepare`. `found` must be null or a function that is safe to call with `context`.
enum lenet_status lenet_find(struct lenet_preparer *preparer,
                             const struct lenet_frame *frame,
                             lenet_found found,
                             void *context);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LENET_H */
