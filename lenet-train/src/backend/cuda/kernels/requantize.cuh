/* The activation function: the ReLU of the f32 network, or the requantization of an integer network. */

/* The requantization of one output channel, with the numbers of `lenet_core::Requant`. */
struct Requantization {
    unsigned multiplier;
    unsigned pre_shift;
    /* multiplier * 2^-(23 + pre_shift): the slope of the activations over the accumulators. */
    float factor;
    /* The largest activation of the layer. */
    unsigned largest;
};

#define ACTIVATION_SHIFT 23

/* The activation of an accumulator. Sets `slope` to the derivative that the backward pass uses: 0 where the ReLU or the
 * end of the range clips. `channel` is null in an f32 network. In an integer network the accumulator is an integer of a
 * magnitude below 2^24, so the integer arithmetic is exact. */
static __device__ __forceinline__ float activate(float accumulator, const Requantization *channel, float *slope) {
    if (!channel) {
        *slope = accumulator > 0.0f ? 1.0f : 0.0f;
        return accumulator > 0.0f ? accumulator : 0.0f;
    }
    int shifted = (int)accumulator >> channel->pre_shift;
    unsigned narrow = shifted < 0 ? 0 : shifted > 0xFFFF ? 0xFFFF : (unsigned)shifted;
    unsigned activation = (narrow * channel->multiplier) >> ACTIVATION_SHIFT;
    bool fits = accumulator * channel->factor < (float)channel->largest + 1.0f;
    *slope = accumulator > 0.0f && fits ? channel->factor : 0.0f;
    return (float)(activation < channel->largest ? activation : channel->largest);
}
