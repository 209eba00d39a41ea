/* Quantization of the weights in quantization-aware training, by the exporter's own rule (`Quantization::integers`), in
 * the same f64 arithmetic, so that the integers are the same.
 *
 * One block of 128 threads per output channel, 236 for 10 classes. A channel has 25 to 256 weights, each of which takes
 * one f64 division; with a 64th of the f32 rate, as cards for games have, all of it is less than 0.1 ms.
 */

#define QUANTIZE_THREADS 128
/* The largest magnitude of an accumulator and of its partial sums, for which f32 sums are exact. */
#define MAX_ACCUMULATOR ((1 << 24) - 1)

/* How the weights of an output channel are quantized. */
struct RowScale {
    /* The real value of 1 in int8, and that of one accumulator unit. */
    double scale, unit;
    /* The rounding term of the requantization, in accumulator units. */
    long long rounding;
    /* The place of its first weight and of its bias among the parameters, and the number of its weights. */
    unsigned weights, bias, taps;
    /* The distance between neighboring weights and the largest magnitude, in units of int8; the largest input. */
    int step, largest, largest_input;
};

/* Rounds to the nearest integer, halves away from zero. The difference to the truncated number is exact. */
static __device__ __forceinline__ double nearest(double number) {
    const double truncated = trunc(number);
    return fabs(number - truncated) < 0.5 ? truncated : truncated + (number < 0.0 ? -1.0 : 1.0);
}

/* Writes the quantized `parameters` as integers of type f32 to `integers`. If a parameter is infinite or not a number, sets
 * `failed` to 1, and what is written does not count. Grid: one block per output channel. */
extern "C" __global__ void __launch_bounds__(QUANTIZE_THREADS)
quantize(const float *parameters, const RowScale *rows, float *integers, unsigned *failed) {
    __shared__ int negatives[QUANTIZE_THREADS], positives[QUANTIZE_THREADS];
    const RowScale row = rows[blockIdx.x];
    int negative = 0, positive = 0;
    for (unsigned tap = threadIdx.x; tap < row.taps; tap += QUANTIZE_THREADS) {
        const float weight = parameters[row.weights + tap];
        if (!isfinite(weight)) *failed = 1;
        double rounded = nearest((double)weight / row.scale / row.step) * row.step;
        int integer = (int)fmin(fmax(rounded, -(double)row.largest), (double)row.largest);
        integers[row.weights + tap] = (float)integer;
        negative += integer < 0 ? integer : 0;
        positive += integer > 0 ? integer : 0;
    }
    negatives[threadIdx.x] = negative;
    positives[threadIdx.x] = positive;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int thread = 1; thread < QUANTIZE_THREADS; thread++) {
        negative += negatives[thread];
        positive += positives[thread];
    }
    const float bias = parameters[row.bias];
    if (!isfinite(bias)) *failed = 1;
    /* The bound keeps the conversion defined. It is far beyond every limit of the clamp below. */
    const double bound = 4611686018427387904.0;
    const double units = fmin(fmax(nearest((double)bias / row.unit), -bound), bound);
    const long long limit = MAX_ACCUMULATOR - (long long)(positive - negative) * row.largest_input;
    long long integer = (long long)units + row.rounding;
    integer = integer > limit ? limit : integer < -limit ? -limit : integer;
    integers[row.bias] = (float)integer;
}
