/* The loss: only its gradients, as the host computes its value from the logits.
 *
 * One thread per image: a few hundred bytes each, and three passes over the classes (2 to 64). 128 threads per block. */

#define LOSS_THREADS 128

/* The largest logit of an image, and in `total` the sum of exp((logit - largest) / temperature). */
static __device__ __forceinline__ float
softmax_scale(const float *logits, int classes, float temperature, float *total) {
    float largest = logits[0], sum = 0.0f;
    for (int index = 1; index < classes; index++) largest = logits[index] > largest ? logits[index] : largest;
    for (int index = 0; index < classes; index++) sum += expf((logits[index] - largest) / temperature);
    *total = sum;
    return largest;
}

/* Adds a teacher's probabilities at `temperature`, times its `share`, to `probabilities` (images x classes), or sets them
 * if it is the `first` teacher. Grid: images / 128, rounded up. */
extern "C" __global__ void __launch_bounds__(LOSS_THREADS)
teach(const float *logits, int images, int classes, float temperature, float share, int first, float *probabilities) {
    const int image = blockIdx.x * LOSS_THREADS + threadIdx.x;
    if (image >= images) return;
    float total;
    logits += image * classes;
    probabilities += image * classes;
    const float largest = softmax_scale(logits, classes, temperature, &total);
    for (int index = 0; index < classes; index++) {
        float probability = expf((logits[index] - largest) / temperature) / total * share;
        probabilities[index] = first ? probability : probabilities[index] + probability;
    }
}

/* The gradient of share * T^2 * CE(targets, softmax(logits / T)) for each logit, averaged over the batch, times `unit`:
 *
 *     unit * share * T / images * (sum of targets * softmax(logits / T) - targets)
 *
 * The loss of the labels has T = 1; that of the teachers is a second launch with `adds`, which adds to `gradients`.
 * `unit` is the real value of one unit of the logits' sums: 1 in an f32 network. Grid: images / 128, rounded up. */
extern "C" __global__ void __launch_bounds__(LOSS_THREADS)
cross_entropy(const float *logits, const float *targets, int images, int classes, float temperature, float share,
              float unit, int adds, float *gradients) {
    const int image = blockIdx.x * LOSS_THREADS + threadIdx.x;
    if (image >= images) return;
    logits += image * classes;
    targets += image * classes;
    gradients += image * classes;
    float total, target = 0.0f;
    const float largest = softmax_scale(logits, classes, temperature, &total);
    for (int index = 0; index < classes; index++) target += targets[index];
    const float scale = share * temperature / (float)images * unit;
    for (int index = 0; index < classes; index++) {
        float probability = expf((logits[index] - largest) / temperature) / total;
        float gradient = scale * (target * probability - targets[index]);
        gradients[index] = adds ? gradients[index] + gradient : gradient;
    }
}
