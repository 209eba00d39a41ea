// Classifies a hundred digits and compares every logit with those of a host: it must print "100 of 100".

#include <lenet.h>
#include <lenet_model.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "golden_digits.h"

static struct lenet_engine engine;

static bool is_equal(const struct lenet_prediction *prediction, const int32_t *logits)
{
	if (prediction->classes != GOLDEN_CLASSES) {
		return false;
	}
	for (int i = 0; i < GOLDEN_CLASSES; i++) {
		if (prediction->logits[i] != logits[i]) {
			return false;
		}
	}
	return true;
}

int main(void)
{
	struct lenet_prediction prediction;
	int equal = 0;
	enum lenet_status status = lenet_decode(&engine, lenet_model, LENET_MODEL_BYTES, NULL);

	for (int i = 0; i < GOLDEN_DIGITS && status == LENET_STATUS_OK; i++) {
		status = lenet_classify(&engine, golden_digits[i], &prediction);
		if (status != LENET_STATUS_OK) {
			break;
		}
		equal += is_equal(&prediction, golden_logits[i]);
		if (i == 0) {
			printk("class       %d\n", prediction.predicted_class);
			printk("confidence  %d/256 nat\n", prediction.confidence);
		}
	}
	if (status != LENET_STATUS_OK) {
		printk("%s\n", lenet_message(status));
		return 0;
	}
	printk("golden      %d of %d digits with all logits equal\n", equal, GOLDEN_DIGITS);
	return 0;
}
