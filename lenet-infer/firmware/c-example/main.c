// Classifies the golden digits with liblenet.a on QEMU's Cortex-M4 board, prints the first, and checks every logit.

#include "lenet.h"
#include "semihosting.h"

// In assets.S.
extern const uint8_t model[], model_end[];
extern const uint8_t digits[][LENET_PIXELS], digits_end[];
extern const int32_t logits[][LENET_CLASSES];

static struct lenet_engine engine;

static int fail(const char *what, enum lenet_status status) {
    print(what);
    print(": ");
    print(lenet_message(status));
    print("\n");
    return 1;
}

// What a caller gets for pointers and files that are no good: a status, and never a crash.
static int refuses_bad_input(size_t length) {
    struct lenet_prediction prediction;
    return lenet_classify(&engine, digits[0], &prediction) == LENET_STATUS_NOT_DECODED
        && lenet_decode(NULL, model, length) == LENET_STATUS_BAD_POINTER
        && lenet_decode(&engine, NULL, length) == LENET_STATUS_BAD_POINTER
        && lenet_decode(&engine, model, 5) == LENET_STATUS_TOO_SHORT
        && lenet_decode(&engine, model, length - 1) == LENET_STATUS_LENGTH
        && lenet_decode(&engine, model + 1, length - 1) == LENET_STATUS_MAGIC;
}

static int equal(const int32_t *a, const int32_t *b) {
    for (int i = 0; i < LENET_CLASSES; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

static void print_prediction(const struct lenet_prediction *prediction) {
    print("digit   ");
    print_number(prediction->digit);
    print("\nlogits ");
    for (int i = 0; i < LENET_CLASSES; i++) {
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
    enum lenet_status status = lenet_decode(&engine, model, length);
    if (status != LENET_STATUS_OK)
        return fail("lenet_decode", status);

    int count = (int)((digits_end - digits[0]) / LENET_PIXELS), right = 0;
    for (int i = 0; i < count; i++) {
        struct lenet_prediction prediction;
        status = lenet_classify(&engine, digits[i], &prediction);
        if (status != LENET_STATUS_OK)
            return fail("lenet_classify", status);
        if (i == 0)
            print_prediction(&prediction);
        right += equal(prediction.logits, logits[i]);
    }
    print("golden  ");
    print_number(right);
    print(" of ");
    print_number(count);
    print(" digits with all ten logits equal\n");
    return right != count;
}
