// Recognizes handwritten digits: the functions of c/lenet.h, and a class for C++.
//
// The model is in lenet_model.h, or comes from elsewhere:
//
//     #include <LeNet.h>
//     #include <lenet_model.h>
//
//     LeNet lenet;
//     if (lenet.begin(lenet_model, LENET_MODEL_BYTES) && lenet.classify(image))
//         Serial.println(lenet.prediction().predicted_class);
//     else
//         Serial.println(lenet.message());

#ifndef LENET_ARDUINO_H
#define LENET_ARDUINO_H

#include "c/lenet.h"

#ifdef __cplusplus

// An engine with its last prediction: about 1,260 bytes of RAM. Make it global, because that is much for a stack.
//
// It cannot be copied: the logits of the prediction lie in the engine.
class LeNet {
public:
    LeNet() = default;
    LeNet(const LeNet &) = delete;
    LeNet &operator=(const LeNet &) = delete;

    // Checks a model file, which must stay where it is, unchanged. Returns whether it can be used.
    bool begin(const uint8_t *model, size_t length) {
        return succeeds(lenet_decode(&engine_, model, length, nullptr));
    }

    // Classifies one image: 28 rows of 28 gray levels, 0 for paper to 255 for ink. Returns whether there is a prediction.
    bool classify(const uint8_t *image) { return succeeds(lenet_classify(&engine_, image, &prediction_)); }

    // Classifies the only digit of a gray picture, with the memory to prepare it. Returns whether there is just one.
    // `digit`, if it is not null, gets where it is and the image that was classified.
    bool read(lenet_preparer &preparer, const lenet_frame &frame, lenet_digit *digit = nullptr) {
        lenet_digit found;
        if (!succeeds(lenet_prepare(&preparer, &frame, &found)))
            return false;
        if (digit != nullptr)
            *digit = found;
        return classify(found.image);
    }

    // The last prediction, valid after a call that returned true and until the next one.
    const lenet_prediction &prediction() const { return prediction_; }

    // How the last call ended, and what that means.
    lenet_status status() const { return status_; }
    const char *message() const { return lenet_message(status_); }

private:
    bool succeeds(lenet_status status) {
        status_ = status;
        return status == LENET_STATUS_OK;
    }

    // Zero: so the engine holds no model, and a global object takes no flash.
    lenet_engine engine_ = {};
    lenet_prediction prediction_ = {};
    lenet_status status_ = LENET_STATUS_OK;
};

#endif

#endif
