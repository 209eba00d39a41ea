// Classifies a hundred digits and compares every logit with those of a host: it must print "100 of 100".
//
// It takes 78 kB of flash for the digits, beside the model. Open the serial monitor at 115200 baud.

#include <LeNet.h>
#include <lenet_model.h>

#include "golden_digits.h"

LeNet lenet;

bool isEqual(const lenet_prediction &prediction, const int32_t *logits) {
    if (prediction.classes != GOLDEN_CLASSES)
        return false;
    for (int i = 0; i < GOLDEN_CLASSES; i++)
        if (prediction.logits[i] != logits[i])
            return false;
    return true;
}

void setup() {
    Serial.begin(115200);
    while (!Serial && millis() < 5000) {
    }
    if (!lenet.begin(lenet_model, LENET_MODEL_BYTES)) {
        Serial.println(lenet.message());
        return;
    }
    int equal = 0;
    const unsigned long start = micros();
    for (int i = 0; i < GOLDEN_DIGITS; i++) {
        if (!lenet.classify(golden_digits[i])) {
            Serial.println(lenet.message());
            return;
        }
        if (isEqual(lenet.prediction(), golden_logits[i]))
            equal++;
        if (i == 0) {
            Serial.print("class       ");
            Serial.println(lenet.prediction().predicted_class);
            Serial.print("confidence  "); // in 1/256 nat
            Serial.println(lenet.prediction().confidence);
        }
    }
    const unsigned long time = micros() - start;
    Serial.print("time        ");
    Serial.print(time / GOLDEN_DIGITS);
    Serial.println(" microseconds per digit");
    Serial.print("golden      ");
    Serial.print(equal);
    Serial.print(" of ");
    Serial.print(GOLDEN_DIGITS);
    Serial.println(" digits with all logits equal");
}

void loop() {}
