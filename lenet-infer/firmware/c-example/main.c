// Classifies the golden digits with liblenet.a on QEMU's Cortex-M4 board, prints the first prediction, and checks every
// logit.

#include "lenet.h"
#include "semihosting.h"

enum { CLASSES = 10 };

// In assets.S. The digits follow the model without a gap.
extern const uint8_t model[], model_end[];
extern const uint8_t digits[][LENET_PIXELS], digits_end[];
extern const int32_t logits[][CLASSES];

static struct lenet_engine engine;

static int fail(const char *what, enum lenet_status status) {
    print(what);
    print(": ");
    print(lenet_message(status));
    print("\n");
    return 1;
}

// Bad pointers and bad files give a status and never a crash.
static int refuses_bad_input(size_t length) {
    struct lenet_prediction prediction;
    const uint8_t *inside = (const uint8_t *)&engine + 1;
    return lenet_classify(&engine, digits[0], &prediction) == LENET_STATUS_NOT_DECODED
        && lenet_classify(&engine, inside, &prediction) == LENET_STATUS_BAD_POINTER
        && lenet_decode(NULL, model, length, NULL) == LENET_STATUS_BAD_POINTER
        && lenet_decode(&engine, NULL, length, NULL) == LENET_STATUS_BAD_POINTER
        && lenet_decode(&engine, inside, 1, NULL) == LENET_STATUS_BAD_POINTER
        && lenet_decode(&engine, model, 5, NULL) == LENET_STATUS_TOO_SHORT
        && lenet_decode(&engine, model, length - 1, NULL) == LENET_STATUS_LENGTH
        && lenet_decode(&engine, model + 1, length - 1, NULL) == LENET_STATUS_MAGIC;
}

// Whether the prediction has just these logits, and their class.
static int equal(const struct lenet_prediction *prediction, const int32_t *expected) {
    int largest = 0;
    for (int i = 0; i < CLASSES; i++) {
        if (prediction->logits[i] != expected[i])
            return 0;
        if (expected[i] > expected[largest])
            largest = i;
    }
    return prediction->predicted_class == largest && prediction->classes == CLASSES;
}

static void print_prediction(const struct lenet_prediction *prediction) {
    print("class   ");
    print_number(prediction->predicted_class);
    print("\nlogits ");
    for (int i = 0; i < prediction->classes; i++) {
        print(" ");
        print_number(prediction->logits[i]);
    }
    print("\n");
}

int main(void) {
    size_t length = (size_t)(model_end - model);
    if (!refuses_bad_input(length)) {
        print("bad input was not refused as it should be\n");
        return 1;
    }
    // More bytes than the model has, as in a flash partition.
    size_t file_length;
    enum lenet_status status = lenet_decode(&engine, model, (size_t)(digits_end - model), &file_length);
    if (status != LENET_STATUS_OK)
        return fail("lenet_decode", status);
    if (file_length != length) {
        print("lenet_decode told the wrong length\n");
        return 1;
    }

    int count = (int)((digits_end - digits[0]) / LENET_PIXELS), right = 0;
    for (int i = 0; i < count; i++) {
        struct lenet_prediction prediction;
        status = lenet_classify(&engine, digits[i], &prediction);
        if (status != LENET_STATUS_OK)
            return fail("lenet_classify", status);
        if (i == 0)
            print_prediction(&prediction);
        right += equal(&prediction, logits[i]);
    }
    print("golden  ");
    print_number(right);
    print(" of ");
    print_number(count);
    print(" digits with all ten logits equal\n");
    return right != count;
}
