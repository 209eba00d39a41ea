/* Augmentation: changes the stroke width of each image and warps it, as the CPU does, to the same gray levels.
 *
 * One block of 256 threads per image, 7 kB of shared memory; it reads the 784 bytes of the image and 57 numbers, and writes
 * 784 bytes. A pixel takes about 40 operations. The coordinates are computed by the operations of the CPU in their
 * order, each rounded on its own (`__fadd_rn` and `__fmul_rn` are never fused); after that all numbers are integers.
 */

#define AUGMENT_THREADS 256
#define BORDER 2
#define PADDED_SIDE (IMAGE_SIDE + 2 * BORDER)
#define PADDED_PIXELS (PADDED_SIDE * PADDED_SIDE)
#define POINTS 5
#define STEPS_PER_PIXEL 256
#define SHARE_STEPS 256

/* The change of an image, with the numbers of the host's `Change`. */
struct Change {
    /* The source column, then the source row: the increase per column, the increase per row, the value at pixel (0, 0). */
    float affine[2][3];
    /* The displacements of the control points, for the source column and for the source row. */
    float points[2][POINTS][POINTS];
    /* The share, in 1/256, that is replaced: by the dilation if positive, by the erosion if negative. */
    int stroke;
};

/* A coordinate of the image as a coordinate of the padded image, in steps, clamped to the padded image. */
static __device__ __forceinline__ unsigned fixed_point(float coordinate) {
    const float rounder = 8388608.0f, last = PADDED_SIDE - 1;
    float padded = __fadd_rn(coordinate, BORDER);
    padded = padded < 0.0f ? 0.0f : padded > last ? last : padded;
    return __float_as_uint(__fadd_rn(__fmul_rn(padded, STEPS_PER_PIXEL), rounder)) - __float_as_uint(rounder);
}

/* A pixel of the padded image after the change of the stroke width. */
static __device__ __forceinline__ unsigned change_width(const unsigned char *padded, int index, int stroke) {
    const unsigned pixel = padded[index], share = stroke < 0 ? -stroke : stroke;
    const int row = index / PADDED_SIDE;
    if (stroke == 0 || row == 0 || row == PADDED_SIDE - 1) return stroke == 0 ? pixel : 0;
    const int offsets[4] = {-1, 1, -PADDED_SIDE, PADDED_SIDE};
    unsigned extreme = pixel;
    #pragma unroll
    for (int place = 0; place < 4; place++) {
        const unsigned other = padded[index + offsets[place]];
        bool replaces = stroke > 0 ? other > extreme : other < extreme;
        extreme = replaces ? other : extreme;
    }
    return (pixel * (SHARE_STEPS - share) + extreme * share) / SHARE_STEPS;
}

/* Writes the changed images `places[i]` of `images` to `changed`. `spline` is the weight of each control point (row) for
 * each column of the image. Grid: one block per image. */
extern "C" __global__ void __launch_bounds__(AUGMENT_THREADS)
augment(const unsigned char *images, const unsigned *places, const Change *changes, const float *spline,
        unsigned char *changed) {
    __shared__ unsigned char padded[PADDED_PIXELS], source[PADDED_PIXELS + PADDED_SIDE + 1];
    /* The displacement of each control point's column in each row of the image. */
    __shared__ float displacements[2][IMAGE_SIDE][POINTS], weights[POINTS][IMAGE_SIDE];
    __shared__ Change change;
    const int thread = threadIdx.x;
    const unsigned char *image = images + (size_t)places[blockIdx.x] * IMAGE_PIXELS;
    for (int index = thread; index < (int)(sizeof change / sizeof(float)); index += AUGMENT_THREADS)
        ((unsigned *)&change)[index] = ((const unsigned *)(changes + blockIdx.x))[index];
    for (int index = thread; index < POINTS * IMAGE_SIDE; index += AUGMENT_THREADS)
        weights[index / IMAGE_SIDE][index % IMAGE_SIDE] = spline[index];
    for (int index = thread; index < PADDED_PIXELS; index += AUGMENT_THREADS) {
        int row = index / PADDED_SIDE - BORDER, column = index % PADDED_SIDE - BORDER;
        bool inside = row >= 0 && row < IMAGE_SIDE && column >= 0 && column < IMAGE_SIDE;
        padded[index] = inside ? image[row * IMAGE_SIDE + column] : 0;
    }
    __syncthreads();

    for (int index = thread; index < PADDED_PIXELS + PADDED_SIDE + 1; index += AUGMENT_THREADS)
        source[index] = index < PADDED_PIXELS ? change_width(padded, index, change.stroke) : 0;
    for (int index = thread; index < 2 * IMAGE_SIDE * POINTS; index += AUGMENT_THREADS) {
        const int axis = index / (IMAGE_SIDE * POINTS), row = index / POINTS % IMAGE_SIDE, point = index % POINTS;
        float sum = 0.0f;
        #pragma unroll
        for (int line = 0; line < POINTS; line++)
            sum = __fadd_rn(sum, __fmul_rn(weights[line][row], change.points[axis][line][point]));
        displacements[axis][row][point] = sum;
    }
    __syncthreads();

    for (int index = thread; index < IMAGE_PIXELS; index += AUGMENT_THREADS) {
        const int row = index / IMAGE_SIDE, column = index % IMAGE_SIDE;
        unsigned at[2];
        #pragma unroll
        for (int axis = 0; axis < 2; axis++) {
            const float *affine = change.affine[axis];
            float start = __fadd_rn(affine[2], __fmul_rn(affine[1], (float)row));
            float coordinate = __fadd_rn(start, __fmul_rn(affine[0], (float)column));
            #pragma unroll
            for (int point = 0; point < POINTS; point++)
                coordinate = __fadd_rn(coordinate, __fmul_rn(weights[point][column], displacements[axis][row][point]));
            at[axis] = fixed_point(coordinate);
        }
        const unsigned right = at[0] % STEPS_PER_PIXEL, down = at[1] % STEPS_PER_PIXEL;
        const unsigned char *quad = source + at[1] / STEPS_PER_PIXEL * PADDED_SIDE + at[0] / STEPS_PER_PIXEL;
        const unsigned upper = quad[0] * (STEPS_PER_PIXEL - right) + quad[1] * right;
        const unsigned lower = quad[PADDED_SIDE] * (STEPS_PER_PIXEL - right) + quad[PADDED_SIDE + 1] * right;
        changed[blockIdx.x * IMAGE_PIXELS + index] =
            (upper * (STEPS_PER_PIXEL - down) + lower * down + STEPS_PER_PIXEL * STEPS_PER_PIXEL / 2) /
            (STEPS_PER_PIXEL * STEPS_PER_PIXEL);
    }
}
