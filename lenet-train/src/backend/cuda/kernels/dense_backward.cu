/* The backward pass of a fully-connected layer: the gradients of its inputs, and those of its parameters. */

/* The gradients of a layer's inputs: images x outputs times outputs x inputs.
 *
 * Tiles, threads and cost as in `dense`, with the outputs as the depth: at a batch of 128, fc1 has 128 blocks, fc2 64 and
 * fc3 48.
 *
 * `gradients` are those of the layer's sums. Writes `input_gradients`, images x inputs, times `slopes` of the layer
 * before, so that they are gradients of its sums. `slopes` is null for the first layer, whose inputs come from the
 * convolutions. Grid: images / 16, inputs / 16, each rounded up. */
extern "C" __global__ void __launch_bounds__(TILE_THREADS)
dense_inputs(const float *gradients, const float *weights, const float *slopes,
             int images, int inputs_len, int outputs_len, float *input_gradients) {
    __shared__ float gradient_tile[TILE][TILE_DEPTH + 1], weight_tile[TILE_DEPTH][TILE + 1];
    const int column = threadIdx.x % TILE_HALF, row = threadIdx.x / TILE_HALF;
    const int first_image = blockIdx.x * TILE, first_input = blockIdx.y * TILE;
    float sums[2][2] = {{0.0f, 0.0f}, {0.0f, 0.0f}};
    for (int depth = 0; depth < outputs_len; depth += TILE_DEPTH) {
        load_rows(gradient_tile, gradients, images, outputs_len, first_image, depth);
        for (int index = threadIdx.x; index < TILE_DEPTH * TILE; index += TILE_THREADS) {
            int output = depth + index / TILE, input = first_input + index % TILE;
            bool inside = output < outputs_len && input < inputs_len;
            weight_tile[index / TILE][index % TILE] = inside ? weights[output * inputs_len + input] : 0.0f;
        }
        __syncthreads();
        #pragma unroll
        for (int index = 0; index < TILE_DEPTH; index++) {
            float upper = gradient_tile[row][index], lower = gradient_tile[row + TILE_HALF][index];
            float left = weight_tile[index][column], right = weight_tile[index][column + TILE_HALF];
            add_outer(sums, upper, lower, left, right);
        }
        __syncthreads();
    }
    #pragma unroll
    for (int part = 0; part < 4; part++) {
        const int image = first_image + row + part / 2 * TILE_HALF;
        const int input = first_input + column + part % 2 * TILE_HALF;
        if (image >= images || input >= inputs_len) continue;
        const int place = image * inputs_len + input;
        input_gradients[place] = slopes ? sums[part / 2][part % 2] * slopes[place] : sums[part / 2][part % 2];
    }
}

/* The gradients of a layer's parameters: outputs x images times images x inputs, and the sums of the outputs' gradients.
 *
 * Tiles of 16 outputs x 16 inputs. A block has 256 threads: four teams of 64, each with 2x2 sums per thread. Of every 64
 * images a team takes 16; the four teams' sums are added at the end, in order. At a batch of 128, fc1 has 128 blocks, fc2
 * 48 and fc3 6. 8.7 kB of shared memory; reads are coalesced along the outputs and the inputs. */

#define TEAMS 4
#define TEAM_IMAGES 16
#define TEAM_THREADS (TEAMS * TILE_THREADS)

/* `gradients` are those of the layer's sums, images x outputs; `inputs`: images x inputs. Writes `weight_gradients`,
 * outputs x inputs, and `bias_gradients`. Grid: outputs / 16, inputs / 16, each rounded up. */
extern "C" __global__ void __launch_bounds__(TEAM_THREADS)
dense_parameters(const float *gradients, const float *inputs, int images, int inputs_len, int outputs_len,
                 float *weight_gradients, float *bias_gradients) {
    __shared__ float gradient_tile[TEAMS * TEAM_IMAGES][TILE + 1], input_tile[TEAMS * TEAM_IMAGES][TILE + 1];
    const int team = threadIdx.x / TILE_THREADS, column = threadIdx.x % TILE_HALF;
    const int row = threadIdx.x % TILE_THREADS / TILE_HALF;
    const int first_output = blockIdx.x * TILE, first_input = blockIdx.y * TILE;
    float sums[2][2] = {{0.0f, 0.0f}, {0.0f, 0.0f}}, biases[2] = {0.0f, 0.0f};
    for (int first_image = 0; first_image < images; first_image += TEAMS * TEAM_IMAGES) {
        for (int index = threadIdx.x; index < TEAMS * TEAM_IMAGES * TILE; index += TEAM_THREADS) {
            int image = first_image + index / TILE, place = index % TILE;
            int output = first_output + place, input = first_input + place;
            gradient_tile[index / TILE][place] =
                image < images && output < outputs_len ? gradients[image * outputs_len + output] : 0.0f;
            input_tile[index / TILE][place] =
                image < images && input < inputs_len ? inputs[image * inputs_len + input] : 0.0f;
        }
        __syncthreads();
        #pragma unroll
        for (int index = team * TEAM_IMAGES; index < (team + 1) * TEAM_IMAGES; index++) {
            float upper = gradient_tile[index][row], lower = gradient_tile[index][row + TILE_HALF];
            float left = input_tile[index][column], right = input_tile[index][column + TILE_HALF];
            add_outer(sums, upper, lower, left, right);
            biases[0] += upper;
            biases[1] += lower;
        }
        __syncthreads();
    }
    /* The teams' sums meet where the tiles were. */
    float (*met)[TILE][TILE + 1] = (float (*)[TILE][TILE + 1])gradient_tile;
    #pragma unroll
    for (int part = 0; part < 4; part++)
        met[team][row + part / 2 * TILE_HALF][column + part % 2 * TILE_HALF] = sums[part / 2][part % 2];
    if (column == 0) {
        met[team][row][TILE] = biases[0];
        met[team][row + TILE_HALF][TILE] = biases[1];
    }
    __syncthreads();
    for (int index = threadIdx.x; index < TILE * (TILE + 1); index += TEAM_THREADS) {
        int place = index / (TILE + 1), output = first_output + place, within = index % (TILE + 1);
        float sum = 0.0f;
        for (int from = 0; from < TEAMS; from++) sum += met[from][place][within];
        if (output >= outputs_len) continue;
        if (within < TILE && first_input + within < inputs_len)
            weight_gradients[output * inputs_len + first_input + within] = sum;
        if (within == TILE && first_input == 0) bias_gradients[output] = sum;
    }
}
