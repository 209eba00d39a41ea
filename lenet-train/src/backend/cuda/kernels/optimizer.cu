/* The update of all parameters at once: SGD or AdamW, and then the moving average of the parameters.
 *
 * One thread per parameter, 256 per block: 174 blocks for 10 classes. Bound by memory: AdamW with an average reads 24 bytes
 * per parameter and writes 16, 1.8 MB in all, most of it in the L2 cache. The arithmetic is that of dfdx on the CPU.
 */

#define UPDATE_THREADS 256

/* What the straight-through estimator needs of a row of quantized weights. */
struct RowGradient {
    /* 1 / the scale of the weights, and 1 / the accumulator unit of the bias. */
    float per_weight, per_bias;
    /* The largest magnitude that the integers represent. */
    float clip;
};

/* The algorithm and its numbers in this step. */
#define SGD 0
#define ADAMW 1

/* `rows` is, for each parameter, twice the number of its output channel, plus 1 for a bias. With `quantized` (null in f32
 * training), the gradients are those of integers. For SGD, `first` is the velocity, `decay_first` its momentum, and
 * `second` is not used. `first_correction` and `second_correction` are 1 / (1 - beta^t). `decay` is the weight decay: of
 * SGD, added to the gradient; of AdamW, times the learning rate. `average` is null if the run has none. */
extern "C" __global__ void __launch_bounds__(UPDATE_THREADS)
update(int algorithm, int count, const unsigned *rows, const float *gradients, const RowGradient *quantized,
       float *parameters, float *first, float *second, float *average, float learning_rate, float decay,
       float beta_first, float beta_second, float first_correction, float second_correction, float epsilon,
       float average_decay, float average_share) {
    const int index = blockIdx.x * UPDATE_THREADS + threadIdx.x;
    if (index >= count) return;
    const unsigned row = rows[index] / 2;
    const bool is_bias = rows[index] % 2;
    float parameter = parameters[index], gradient = gradients[index];
    if (quantized) {
        /* A weight beyond the largest integer may only move back towards the range. */
        bool outwards = !is_bias && fabsf(parameter) > quantized[row].clip && gradient * parameter < 0.0f;
        float factor = is_bias ? quantized[row].per_bias : quantized[row].per_weight;
        gradient = outwards ? 0.0f : gradient * factor;
    }
    const float own_decay = is_bias ? 0.0f : decay;
    if (algorithm == SGD) {
        float velocity = gradient + own_decay * parameter + beta_first * first[index];
        first[index] = velocity;
        parameter -= velocity * learning_rate;
    } else {
        float mean = first[index] * beta_first + gradient * (1.0f - beta_first);
        float square = second[index] * beta_second + gradient * gradient * (1.0f - beta_second);
        first[index] = mean;
        second[index] = square;
        float step = learning_rate * (mean * first_correction) / (sqrtf(square * second_correction) + epsilon);
        parameter -= step + own_decay * parameter;
    }
    parameters[index] = parameter;
    if (average) average[index] = average[index] * average_decay + parameter * average_share;
}
