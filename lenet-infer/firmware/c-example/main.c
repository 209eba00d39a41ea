// Classifies the golden digits with liblenet.a on QEMU's Cortex-M4 board, prints the first prediction, and checks every
// logit. Then prepares and classifies the digits of a picture, as from a camera.

#include "lenet.h"
#include "semihosting.h"

enum { CLASSES = 10 };

// In assets.S. The digits follow the model without a gap.
extern const uint8_t model[], model_end[];
extern const uint8_t digits[][LENET_PIXELS], digits_end[];
extern const int32_t logits[][CLASSES];

static struct lenet_engine engine;
static struct lenet_preparer preparer;

// A picture in YUYV, as cameras give it: the gray levels are every second byte.
enum { WIDTH = 160, HEIGHT = 120, STEP = 2 };
static uint8_t picture[HEIGHT][WIDTH][STEP];

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

// Draws a golden digit on the picture, twice as large, as dark ink.
static void draw(const uint8_t *digit, int left, int top) {
    for (int y = 0; y < 56; y++)
        for (int x = 0; x < 56; x++)
            picture[top + y][left + x][0] -= digit[y / 2 * 28 + x / 2] / 2;
}

// Prints the image of a digit, two rows in a line, and where it was in the picture.
static void print_digit(const struct lenet_digit *digit) {
    for (int y = 0; y < 28; y += 2) {
        char line[30];
        for (int x = 0; x < 28; x++)
            line[x] = " .:-=+*#"[(digit->image[28 * y + x] + digit->image[28 * y + 28 + x]) / 64];
        line[28] = '\n';
        line[29] = '\0';
        print(line);
    }
    print("from ");
    print_number(digit->left);
    print(",");
    print_number(digit->top);
    print(" to ");
    print_number(digit->right);
    print(",");
    print_number(digit->bottom);
    print("\n");
}

// The classes of the digits that lenet_find found.
struct found {
    int count;
    int classes[LENET_MAX_DIGITS];
};

static bool on_digit(void *context, const struct lenet_digit *digit) {
    struct found *found = context;
    struct lenet_prediction prediction;
    if (lenet_classify(&engine, digit->image, &prediction) != LENET_STATUS_OK)
        return false;
    found->classes[found->count++] = prediction.predicted_class;
    return true;
}

static int class_of(int digit) {
    int largest = 0;
    for (int i = 0; i < CLASSES; i++)
        if (logits[digit][i] > logits[digit][largest])
            largest = i;
    return largest;
}

// Whether the digits of a picture are found and recognized.
static int reads_pictures(void) {
    const struct lenet_frame frame = {&picture[0][0][0], WIDTH, HEIGHT, WIDTH * STEP, STEP};
    struct lenet_digit digit;
    struct found found = {0};
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            picture[y][x][0] = 190;
    if (lenet_prepare(&preparer, &frame, &digit) != LENET_STATUS_NO_INK)
        return 0;
    draw(digits[0], 12, 30);
    if (lenet_prepare(&preparer, &frame, &digit) != LENET_STATUS_OK)
        return 0;
    print_digit(&digit);
    draw(digits[1], 90, 30);
    if (lenet_prepare(&preparer, &frame, &digit) != LENET_STATUS_TOO_MANY
        || lenet_find(&preparer, &frame, on_digit, &found) != LENET_STATUS_OK)
        return 0;
    print("picture ");
    for (int i = 0; i < found.count; i++) {
        print(" ");
        print_number(found.classes[i]);
    }
    print("\n");
    return found.count == 2 && found.classes[0] == class_of(0) && found.classes[1] == class_of(1);
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

    if (!reads_pictures()) {
        print("the digits of a picture were not found and recognized\n");
        return 1;
    }
    return right != count;
}
