/* A fully-connected layer: products, bias, and ReLU (or requantization).
 *
 * A matrix product in tiles of 16 images x 16 outputs. A block has 64 threads of 2x2 sums each, and steps through the
 * inputs 32 at a time, staged in 4.2 kB of shared memory whose rows are padded to be free of bank conflicts. At a batch
 * of 128, fc1 has 64 blocks, fc2 48 and fc3 8; each reads its inputs once per 16 outputs and its weights once per 16
 * images, coalesced along the inputs. An image takes 42,000 multiply-adds in all three layers.
 */

#define TILE 16
#define TILE_HALF (TILE / 2)
#define TILE_THREADS (TILE_HALF * TILE_HALF)
#define TILE_DEPTH 32

/* Copies rows [first_row, first_row + TILE) and columns [first_column, first_column + TILE_DEPTH) of a matrix into a tile,
 * with 0 outside the matrix. */
static __device__ __forceinline__ void
load_rows(float tile[TILE][TILE_DEPTH + 1], const float *matrix, int rows, int columns, int first_row, int first_column) {
    for (int index = threadIdx.x; index < TILE * TILE_DEPTH; index += TILE_THREADS) {
        int row = index / TILE_DEPTH, column = index % TILE_DEPTH;
        bool inside = first_row + row < rows && first_column + column < columns;
        tile[row][column] = inside ? matrix[(first_row + row) * columns + first_column + column] : 0.0f;
    }
}

/* Adds the four products of two numbers with two others. */
static __device__ __forceinline__ void add_outer(float sums[2][2], float upper, float lower, float left, float right) {
    sums[0][0] += upper * left;
    sums[0][1] += upper * right;
    sums[1][0] += lower * left;
    sums[1][1] += lower * right;
}

/* `inputs`: images x `inputs_len`; `weights`: outputs x `inputs_len`. A hidden layer writes activations and their slopes,
 * images x outputs; `requantizations` is null in an f32 network. With null `slopes` it is the last layer, and writes
 * logits: sums * `unit`. Grid: images / 16, outputs / 16, each rounded up. */
extern "C" __global__ void __launch_bounds__(TILE_THREADS)
dense(const float *inputs, const float *weights, const float *biases, const Requantization *requantizations,
      int images, int inputs_len, int outputs_len, float unit, float *outputs, float *slopes) {
    __shared__ float input_tile[TILE][TILE_DEPTH + 1], weight_tile[TILE][TILE_DEPTH + 1];
    const int column = threadIdx.x % TILE_HALF, row = threadIdx.x / TILE_HALF;
    const int first_image = blockIdx.x * TILE, first_output = blockIdx.y * TILE;
    float sums[2][2] = {{0.0f, 0.0f}, {0.0f, 0.0f}};
    for (int depth = 0; depth < inputs_len; depth += TILE_DEPTH) {
        load_rows(input_tile, inputs, images, inputs_len, first_image, depth);
        load_rows(weight_tile, weights, outputs_len, inputs_len, first_output, depth);
        __syncthreads();
        #pragma unroll
        for (int index = 0; index < TILE_DEPTH; index++) {
            float upper = input_tile[row][index], lower = input_tile[row + TILE_HALF][index];
            float left = weight_tile[column][index], right = weight_tile[column + TILE_HALF][index];
            add_outer(sums, upper, lower, left, right);
        }
        __syncthreads();
    }
    #pragma unroll
    for (int part = 0; part < 4; part++) {
        const int image = first_image + row + part / 2 * TILE_HALF;
        const int output = first_output + column + part % 2 * TILE_HALF;
        if (image >= images || output >= outputs_len) continue;
        float slope, sum = sums[part / 2][part % 2] + biases[output];
        if (slopes) {
            outputs[image * outputs_len + output] =
                activate(sum, requantizations ? requantizations + output : 0, &slope);
            slopes[image * outputs_len + output] = slope;
        } else {
            outputs[image * outputs_len + output] = sum * unit;
        }
    }
}
