/* Both convolutional blocks: conv 5x5 + bias + 2x2 max pool + ReLU (or requantization), twice.
 *
 * One block of 288 threads per image. The image, the parameters of both layers and the activations between them stay in
 * shared memory (17 kB), so a batch of 128 reads 98 kB of images and, from the L2 cache, 1.3 MB of parameters, and writes
 * 0.7 MB. An image takes 240,000 multiply-adds.
 *
 * A thread computes the four sums of a pooling window together: it keeps the 6x6 patch that they read in registers, so
 * one weight read serves four multiply-adds. In conv1, two threads share each of the 144 windows and compute three
 * channels each. In conv2, 256 threads compute one window of one channel each. Reads of shared memory are free of bank
 * conflicts, or all threads read the same address.
 */

#define CONVOLVE_THREADS (2 * POOL1_SIDE * POOL1_SIDE)
#define WINDOWS1 (POOL1_SIDE * POOL1_SIDE)
#define WINDOWS2 (POOL2_SIDE * POOL2_SIDE)
#define KERNEL_TAPS (KERNEL_SIDE * KERNEL_SIDE)
#define PATCH_SIDE (KERNEL_SIDE + 1)
#define CONV1_WEIGHTS (CONV1_CHANNELS * CONV1_TAPS)
#define CONV2_WEIGHTS (CONV2_CHANNELS * CONV2_TAPS)
#define CONV1_PARAMETERS (CONV1_WEIGHTS + CONV1_CHANNELS)
#define CONV2_PARAMETERS (CONV2_WEIGHTS + CONV2_CHANNELS)
#define CONV_PARAMETERS (CONV1_PARAMETERS + CONV2_PARAMETERS)

/* The winner of a window whose sums are all clipped: no gradient passes. Else it is the number of the largest of the four
 * sums, row by row. */
#define DEAD 4

static __device__ __forceinline__ void load_patch(float patch[PATCH_SIDE][PATCH_SIDE], const float *first, int side) {
    #pragma unroll
    for (int row = 0; row < PATCH_SIDE; row++) {
        /* A window begins at an even column and rows have an even length, so pairs are aligned. */
        const float2 *pairs = (const float2 *)(first + row * side);
        #pragma unroll
        for (int pair = 0; pair < PATCH_SIDE / 2; pair++) {
            float2 two = pairs[pair];
            patch[row][2 * pair] = two.x;
            patch[row][2 * pair + 1] = two.y;
        }
    }
}

/* Adds the products of a kernel with the patch at the four positions of its window. */
static __device__ __forceinline__ void
add_products(float sums[4], const float patch[PATCH_SIDE][PATCH_SIDE], const float *kernel) {
    #pragma unroll
    for (int row = 0; row < KERNEL_SIDE; row++) {
        #pragma unroll
        for (int column = 0; column < KERNEL_SIDE; column++) {
            float weight = kernel[row * KERNEL_SIDE + column];
            sums[0] += weight * patch[row][column];
            sums[1] += weight * patch[row][column + 1];
            sums[2] += weight * patch[row + 1][column];
            sums[3] += weight * patch[row + 1][column + 1];
        }
    }
}

/* The activation of the largest of four sums, the first of equal ones, and which it was. */
static __device__ __forceinline__ float
pool(const float sums[4], const Requantization *channel, unsigned char *winner) {
    float largest = 0.0f, slope;
    unsigned char position = DEAD;
    #pragma unroll
    for (int index = 0; index < 4; index++) {
        position = sums[index] > largest ? index : position;
        largest = sums[index] > largest ? sums[index] : largest;
    }
    float activation = activate(largest, channel, &slope);
    *winner = slope == 0.0f ? DEAD : position;
    return activation;
}

/* Reads image `places[i]` of `images` (bytes) for the i-th of the batch, or image i if `places` is null. A pixel counts
 * its gray level / `white`: 255 for an f32 network, 1 for an integer network. `parameters` are those of conv1 and conv2.
 * `requantizations` are those of conv1, then those of conv2, or null in an f32 network. Writes the activations `pooled1`
 * (864 per image) and `pooled2` (256), and the winners of their windows. One block per image. */
extern "C" __global__ void __launch_bounds__(CONVOLVE_THREADS)
convolve(const unsigned char *images, const unsigned *places, const float *parameters,
         const Requantization *requantizations, float white,
         float *pooled1, unsigned char *winners1, float *pooled2, unsigned char *winners2) {
    __shared__ __align__(8) float image[IMAGE_PIXELS];
    __shared__ __align__(8) float between[POOL1_LEN];
    __shared__ float kernels[CONV_PARAMETERS];
    const int thread = threadIdx.x, block = blockIdx.x;
    const unsigned char *levels = images + (size_t)(places ? places[block] : block) * IMAGE_PIXELS;
    for (int index = thread; index < IMAGE_PIXELS; index += CONVOLVE_THREADS)
        image[index] = (float)levels[index] / white;
    for (int index = thread; index < CONV_PARAMETERS; index += CONVOLVE_THREADS)
        kernels[index] = parameters[index];
    __syncthreads();

    float patch[PATCH_SIDE][PATCH_SIDE];
    unsigned char winner;
    const int window1 = thread % WINDOWS1, first = thread / WINDOWS1 * (CONV1_CHANNELS / 2);
    load_patch(patch, image + POOL_SIDE * (window1 / POOL1_SIDE * IMAGE_SIDE + window1 % POOL1_SIDE), IMAGE_SIDE);
    for (int channel = first; channel < first + CONV1_CHANNELS / 2; channel++) {
        float bias = kernels[CONV1_WEIGHTS + channel];
        float sums[4] = {bias, bias, bias, bias};
        add_products(sums, patch, kernels + channel * CONV1_TAPS);
        const int index = channel * WINDOWS1 + window1;
        float activation = pool(sums, requantizations ? requantizations + channel : 0, &winner);
        between[index] = activation;
        pooled1[block * POOL1_LEN + index] = activation;
        winners1[block * POOL1_LEN + index] = winner;
    }
    __syncthreads();

    if (thread >= POOL2_LEN) return;
    const float *kernels2 = kernels + CONV1_PARAMETERS;
    const int channel = thread / WINDOWS2, window2 = thread % WINDOWS2;
    const float *source = between + POOL_SIDE * (window2 / POOL2_SIDE * POOL1_SIDE + window2 % POOL2_SIDE);
    float bias = kernels2[CONV2_WEIGHTS + channel];
    float sums[4] = {bias, bias, bias, bias};
    for (int input = 0; input < CONV1_CHANNELS; input++) {
        load_patch(patch, source + input * WINDOWS1, POOL1_SIDE);
        add_products(sums, patch, kernels2 + channel * CONV2_TAPS + input * KERNEL_TAPS);
    }
    const Requantization *requantization = requantizations ? requantizations + CONV1_CHANNELS + channel : 0;
    pooled2[block * POOL2_LEN + thread] = pool(sums, requantization, &winner);
    winners2[block * POOL2_LEN + thread] = winner;
}
