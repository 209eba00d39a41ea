/* The backward pass of both convolutional blocks: the gradients of their parameters.
 *
 * Only the winner of each pooling window carries a gradient, a quarter of the multiply-adds of a dense pass: per image
 * 38,400 for the kernels of conv2, 38,400 for the activations between the blocks, and 21,600 for the kernels of conv1.
 *
 * At most 256 blocks share the images: block i takes the images i, i + blocks, and so on, one after the other. It keeps
 * the sums of its images in registers and writes them once, as row i of `partial`; `sum_partial` adds the rows. At a batch
 * of 128 there is one image per block, and 1.3 MB of partial sums. 288 threads, 36 kB of shared memory.
 *
 * Which thread adds what, so that no two threads write the same number:
 *
 * - Activations between the blocks: one column (12 numbers) of one channel, for a quarter of the channels of conv2.
 *   The four quarters are added afterwards, in order.
 * - Kernels of conv2: up to two rows (5 taps each) of one kernel, for all windows.
 * - Kernels of conv1: one row of one kernel, for a ninth of the windows. The ninths are added at the end, in order.
 */

#define QUARTERS 4
#define QUARTER_CHANNELS (CONV2_CHANNELS / QUARTERS)
#define QUARTER_THREADS (CONV1_CHANNELS * POOL1_SIDE)
#define ROWS1 (CONV1_CHANNELS * KERNEL_SIDE)
#define ROWS2 (CONV2_CHANNELS * CONV1_CHANNELS * KERNEL_SIDE)
#define ROWS2_PER_THREAD 2
#define NINTHS 9
#define NINTH_WINDOWS (WINDOWS1 / NINTHS)

/* Where the receptive field of a window's winner begins in a row-by-row image with rows of `side`. A dead window counts as
 * the first position; its gradient is 0. */
static __device__ __forceinline__ int field(int window, unsigned char winner, int windows_side, int side) {
    int position = winner == DEAD ? 0 : winner;
    int row = POOL_SIDE * (window / windows_side) + position / POOL_SIDE;
    int column = POOL_SIDE * (window % windows_side) + position % POOL_SIDE;
    return row * side + column;
}

/* The gradient of a window's sum: that of its activation times the slope, or 0 if the window is dead. */
static __device__ __forceinline__ float
sum_gradient(float gradient, unsigned char winner, const Requantization *requantizations, int channel) {
    if (winner == DEAD) return 0.0f;
    return requantizations ? requantizations[channel].factor * gradient : gradient;
}

/* The gradient of one image's activations between the blocks: to `quarters`, the sum over the channels of a quarter. */
static __device__ __forceinline__ void
between_gradients(float quarters[QUARTERS][POOL1_LEN], const float *kernels, const float *gradients, const int *fields) {
    const int quarter = threadIdx.x / QUARTER_THREADS, input = threadIdx.x % QUARTER_THREADS / POOL1_SIDE;
    const int column = threadIdx.x % POOL1_SIDE;
    float *own = quarters[quarter] + input * WINDOWS1 + column;
    for (int row = 0; row < POOL1_SIDE; row++) own[row * POOL1_SIDE] = 0.0f;
    for (int place = quarter * QUARTER_CHANNELS * WINDOWS2; place < (quarter + 1) * QUARTER_CHANNELS * WINDOWS2; place++) {
        const float gradient = gradients[place];
        const int first = fields[place], tap = column - first % POOL1_SIDE;
        if (gradient == 0.0f || tap < 0 || tap >= KERNEL_SIDE) continue;
        const float *kernel = kernels + (place / WINDOWS2 * CONV1_CHANNELS + input) * KERNEL_TAPS + tap;
        float *sums = own + first / POOL1_SIDE * POOL1_SIDE;
        #pragma unroll
        for (int row = 0; row < KERNEL_SIDE; row++) sums[row * POOL1_SIDE] += gradient * kernel[row * KERNEL_SIDE];
    }
}

/* Adds the products of a window's gradient with one row of its receptive field. */
static __device__ __forceinline__ void add_row(float sums[KERNEL_SIDE], float gradient, const float *row) {
    #pragma unroll
    for (int column = 0; column < KERNEL_SIDE; column++) sums[column] += gradient * row[column];
}

/* `images`, `places`, `parameters`, `requantizations`, `white`, `pooled1` and the winners as in `convolve`, for a batch of
 * `count` images; `gradients` of the activations `pooled2`. Writes the sums over the images of each block to `partial`,
 * blocks x parameters of conv1 and conv2. Grid: at most one block per image. */
extern "C" __global__ void __launch_bounds__(CONVOLVE_THREADS)
convolve_backward(const unsigned char *images, const unsigned *places, const float *parameters,
                  const Requantization *requantizations, float white, const float *pooled1,
                  const unsigned char *winners1, const unsigned char *winners2, const float *gradients, int count,
                  float *partial) {
    __shared__ float kernels2[CONV2_WEIGHTS], image[IMAGE_PIXELS], between[POOL1_LEN];
    __shared__ float quarters[QUARTERS][POOL1_LEN];
    __shared__ float gradients2[POOL2_LEN];
    __shared__ int fields2[POOL2_LEN];
    /* Once the quarters are added, the first holds the gradients, and the second the fields. */
    float *gradients1 = quarters[0];
    int *fields1 = (int *)quarters[1];
    const int thread = threadIdx.x;
    for (int index = thread; index < CONV2_WEIGHTS; index += CONVOLVE_THREADS)
        kernels2[index] = parameters[CONV1_PARAMETERS + index];

    float rows2[ROWS2_PER_THREAD][KERNEL_SIDE] = {{0.0f}}, row1[KERNEL_SIDE] = {0.0f}, bias1 = 0.0f, bias2 = 0.0f;
    const int ninth = thread / ROWS1, channel1 = thread % ROWS1 / KERNEL_SIDE, kernel_row1 = thread % KERNEL_SIDE;

    for (int number = blockIdx.x; number < count; number += gridDim.x) {
        const unsigned char *levels = images + (size_t)(places ? places[number] : number) * IMAGE_PIXELS;
        const unsigned char *winner1 = winners1 + number * POOL1_LEN, *winner2 = winners2 + number * POOL2_LEN;
        for (int index = thread; index < IMAGE_PIXELS; index += CONVOLVE_THREADS)
            image[index] = (float)levels[index] / white;
        for (int index = thread; index < POOL1_LEN; index += CONVOLVE_THREADS)
            between[index] = pooled1[number * POOL1_LEN + index];
        if (thread < POOL2_LEN) {
            const int channel = thread / WINDOWS2;
            gradients2[thread] = sum_gradient(gradients[number * POOL2_LEN + thread], winner2[thread],
                                              requantizations ? requantizations + CONV1_CHANNELS : 0, channel);
            fields2[thread] = field(thread % WINDOWS2, winner2[thread], POOL2_SIDE, POOL1_SIDE);
        }
        __syncthreads();

        between_gradients(quarters, kernels2, gradients2, fields2);
        #pragma unroll
        for (int own = 0; own < ROWS2_PER_THREAD; own++) {
            const int row = thread + own * CONVOLVE_THREADS;
            if (row >= ROWS2) continue;
            const int channel = row / (CONV1_CHANNELS * KERNEL_SIDE);
            const float *lines = between + row / KERNEL_SIDE % CONV1_CHANNELS * WINDOWS1 + row % KERNEL_SIDE * POOL1_SIDE;
            for (int window = 0; window < WINDOWS2; window++) {
                const int place = channel * WINDOWS2 + window;
                add_row(rows2[own], gradients2[place], lines + fields2[place]);
            }
        }
        if (thread < CONV2_CHANNELS)
            for (int window = 0; window < WINDOWS2; window++) bias2 += gradients2[thread * WINDOWS2 + window];
        __syncthreads();

        for (int index = thread; index < POOL1_LEN; index += CONVOLVE_THREADS) {
            float sum = 0.0f;
            for (int quarter = 0; quarter < QUARTERS; quarter++) sum += quarters[quarter][index];
            gradients1[index] = sum_gradient(sum, winner1[index], requantizations, index / WINDOWS1);
            fields1[index] = field(index % WINDOWS1, winner1[index], POOL1_SIDE, IMAGE_SIDE);
        }
        __syncthreads();

        if (ninth < NINTHS) {
            for (int window = ninth * NINTH_WINDOWS; window < (ninth + 1) * NINTH_WINDOWS; window++) {
                const int place = channel1 * WINDOWS1 + window;
                add_row(row1, gradients1[place], image + fields1[place] + kernel_row1 * IMAGE_SIDE);
                bias1 += gradients1[place];
            }
        }
        __syncthreads();
    }

    float *sums1 = partial + blockIdx.x * CONV_PARAMETERS, *sums2 = sums1 + CONV1_PARAMETERS;
    #pragma unroll
    for (int own = 0; own < ROWS2_PER_THREAD; own++) {
        const int row = thread + own * CONVOLVE_THREADS;
        if (row >= ROWS2) continue;
        #pragma unroll
        for (int column = 0; column < KERNEL_SIDE; column++) sums2[row * KERNEL_SIDE + column] = rows2[own][column];
    }
    if (thread < CONV2_CHANNELS) sums2[CONV2_WEIGHTS + thread] = bias2;
    /* The ninths meet where the quarters were. */
    float *ninths = quarters[0];
    if (ninth < NINTHS) {
        #pragma unroll
        for (int column = 0; column < KERNEL_SIDE; column++)
            ninths[ninth * CONV1_PARAMETERS + thread % ROWS1 * KERNEL_SIDE + column] = row1[column];
        if (kernel_row1 == 0) ninths[ninth * CONV1_PARAMETERS + CONV1_WEIGHTS + channel1] = bias1;
    }
    __syncthreads();
    for (int index = thread; index < CONV1_PARAMETERS; index += CONVOLVE_THREADS) {
        float sum = 0.0f;
        for (int from = 0; from < NINTHS; from++) sum += ninths[from * CONV1_PARAMETERS + index];
        sums1[index] = sum;
    }
}

/* Adds the rows of partial sums.
 *
 * A block of 256 threads has 32 columns and 8 teams. A team adds every eighth row, coalesced along the columns; then the
 * teams' sums are added, in order. */

#define SUM_COLUMNS 32
#define SUM_TEAMS 8

/* `partial`: rows x columns. Writes their sums to `sums`. Grid: columns / 32, rounded up. */
extern "C" __global__ void __launch_bounds__(SUM_COLUMNS * SUM_TEAMS)
sum_partial(const float *partial, int rows, int columns, float *sums) {
    __shared__ float met[SUM_TEAMS][SUM_COLUMNS];
    const int team = threadIdx.x / SUM_COLUMNS, within = threadIdx.x % SUM_COLUMNS;
    const int column = blockIdx.x * SUM_COLUMNS + within;
    float sum = 0.0f;
    if (column < columns)
        for (int row = team; row < rows; row += SUM_TEAMS) sum += partial[row * columns + column];
    met[team][within] = sum;
    __syncthreads();
    if (team > 0 || column >= columns) return;
    for (int from = 1; from < SUM_TEAMS; from++) sum += met[from][within];
    sums[column] = sum;
}
