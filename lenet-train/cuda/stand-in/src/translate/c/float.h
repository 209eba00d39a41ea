/* Arithmetic of floating point numbers as PTX defines it. Compiled without contraction to fused operations. */

INLINE _Float16 f16_of(u16 x) { _Float16 f; memcpy(&f, &x, 2); return f; }
INLINE float f32_of(u32 x) { float f; memcpy(&f, &x, 4); return f; }
INLINE double f64_of(u64 x) { double f; memcpy(&f, &x, 8); return f; }
INLINE u16 bits_f16(_Float16 f) { u16 x; memcpy(&x, &f, 2); return x; }
INLINE u32 bits_f32(float f) { u32 x; memcpy(&x, &f, 4); return x; }
INLINE u64 bits_f64(double f) { u64 x; memcpy(&x, &f, 8); return x; }

/* A value to f32 in a direction: the exact one is x + rest, where rest is below half of x's last place. */
INLINE float round_to(double x, double rest, int toward_zero, int up) {
    float f = (float)x;
    if (x != x || x - x != 0) return f;
    double above = (double)f - x;
    /* Whether f is above or below the exact value; where f is x, the rest decides. */
    int high = above > 0 || (above == 0 && rest < 0), low = above < 0 || (above == 0 && rest > 0);
    int negative = x < 0 || (x == 0 && rest < 0);
    if (toward_zero) up = negative;
    if (high && !up) return nextafterf(f, -INFINITY);
    if (low && up) return nextafterf(f, INFINITY);
    return f;
}
INLINE float round_rz(double x, double rest) { return round_to(x, rest, 1, 0); }
INLINE float round_rm(double x, double rest) { return round_to(x, rest, 0, 0); }
INLINE float round_rp(double x, double rest) { return round_to(x, rest, 0, 1); }

/* What rounding took from the sum of a and b. */
INLINE double sum_rest(double a, double b) {
    double s = a + b, part = s - a;
    return (a - (s - part)) + (b - part);
}
/* The sign of an exact zero, when rounding down: negative unless both are +0. */
INLINE float zero_down(double a, double b) { return signbit(a) || signbit(b) ? -0.0f : 0.0f; }

#define DIRECTED(mode) \
    INLINE float add_f32_##mode(float a, float b) { return fma_f32_##mode(a, 1, b); } \
    INLINE float sub_f32_##mode(float a, float b) { return fma_f32_##mode(a, 1, -b); } \
    INLINE float mul_f32_##mode(float a, float b) { return round_##mode((double)a * b, 0); } \
    INLINE float div_f32_##mode(float a, float b) { \
        double q = (double)a / b, rest = __builtin_fma(-q, b, a); \
        return round_##mode(q, rest == 0 || rest != rest ? 0 : b < 0 ? -rest : rest); \
    } \
    INLINE float rcp_f32_##mode(float a) { return div_f32_##mode(1, a); } \
    INLINE float sqrt_f32_##mode(float a) { \
        double q = __builtin_sqrt(a), rest = __builtin_fma(-q, q, a); \
        return round_##mode(q, rest != rest ? 0 : rest); \
    }
INLINE float fma_f32_rz(float a, float b, float c) { double p = (double)a * b; return round_rz(p + c, sum_rest(p, c)); }
INLINE float fma_f32_rp(float a, float b, float c) { double p = (double)a * b; return round_rp(p + c, sum_rest(p, c)); }
INLINE float fma_f32_rm(float a, float b, float c) {
    double p = (double)a * b;
    return p + c == 0 ? zero_down(p, c) : round_rm(p + c, sum_rest(p, c));
}
DIRECTED(rz)
DIRECTED(rm)
DIRECTED(rp)

/* The exact result of fused f16 is rounded once: f64 holds it, with its last bit set if more follows. */
INLINE _Float16 fma_f16(_Float16 a, _Float16 b, _Float16 c) {
    double p = (double)a * (double)b, s = p + (double)c, rest = sum_rest(p, (double)c);
    u64 bits = bits_f64(s);
    if (rest != 0 && rest == rest && !(bits & 1)) bits += (rest > 0) == (s > 0) ? 1 : -1;
    return (_Float16)f64_of(bits);
}
INLINE float fma_f32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
INLINE double fma_f64(double a, double b, double c) { return __builtin_fma(a, b, c); }

/* min and max of a number and NaN are the number; -0 is below +0. The `nan` forms give NaN. */
#define ARITHMETIC(type, name, word, sign, nan) \
    INLINE type add_##name(type a, type b) { return a + b; } \
    INLINE type sub_##name(type a, type b) { return a - b; } \
    INLINE type mul_##name(type a, type b) { return a * b; } \
    INLINE type div_##name(type a, type b) { return a / b; } \
    INLINE type rcp_##name(type a) { return 1 / a; } \
    INLINE type abs_##name(type a) { return name##_of(bits_##name(a) & ~sign); } \
    INLINE type neg_##name(type a) { return name##_of(bits_##name(a) ^ sign); } \
    INLINE type copysign_##name(type a, type b) { return name##_of((bits_##name(a) & sign) | (bits_##name(b) & ~sign)); } \
    INLINE type min_nan_##name(type a, type b) { \
        return a != a || b != b ? name##_of(nan) : a < b ? a : b < a ? b : name##_of(bits_##name(a) | bits_##name(b)); \
    } \
    INLINE type max_nan_##name(type a, type b) { \
        return a != a || b != b ? name##_of(nan) : a > b ? a : b > a ? b : name##_of(bits_##name(a) & bits_##name(b)); \
    } \
    INLINE type min_##name(type a, type b) { return a != a ? (b != b ? name##_of(nan) : b) : b != b ? a : min_nan_##name(a, b); } \
    INLINE type max_##name(type a, type b) { return a != a ? (b != b ? name##_of(nan) : b) : b != b ? a : max_nan_##name(a, b); }
ARITHMETIC(_Float16, f16, u16, (u16)0x8000, 0x7fff)
ARITHMETIC(float, f32, u32, 0x80000000u, 0x7fffffffu)
ARITHMETIC(double, f64, u64, 0x8000000000000000ull, 0x7fffffffffffffffull)

INLINE _Float16 flush_f16(_Float16 a) { return bits_f16(a) & 0x7c00 ? a : f16_of(bits_f16(a) & 0x8000); }
INLINE float flush_f32(float a) { return bits_f32(a) & 0x7f800000u ? a : f32_of(bits_f32(a) & 0x80000000u); }
INLINE double flush_f64(double a) {
    return bits_f64(a) & 0x7ff0000000000000ull ? a : f64_of(bits_f64(a) & 0x8000000000000000ull);
}
/* NaN becomes 0. */
INLINE float saturate_f32(float a) { return a > 0 ? (a < 1 ? a : 1) : 0; }

INLINE float sqrt_f32(float a) { return __builtin_sqrtf(a); }
INLINE double sqrt_f64(double a) { return __builtin_sqrt(a); }
/* A GPU approximates these; here they are exact to within rounding. */
INLINE float rsqrt_f32(float a) { return (float)(1 / __builtin_sqrt((double)a)); }
INLINE double rsqrt_f64(double a) { return 1 / __builtin_sqrt(a); }
INLINE float ex2_f32(float a) { return (float)exp2((double)a); }
INLINE float lg2_f32(float a) { return (float)log2((double)a); }
INLINE float sin_f32(float a) { return (float)sin((double)a); }
INLINE float cos_f32(float a) { return (float)cos((double)a); }
INLINE float tanh_f32(float a) { return (float)tanh((double)a); }
INLINE double upper_half(double a) { return f64_of(bits_f64(a) & 0xffffffff00000000ull); }

#define is_finite(a) isfinite(a)
#define is_infinite(a) isinf(a)
#define is_number(a) (!isnan(a))
#define is_notanumber(a) isnan(a)
#define is_normal(a) isnormal(a)
#define is_subnormal(a) (fpclassify(a) == FP_SUBNORMAL)

/* To a whole number: toward zero, to the nearest (ties to even), down, up. */
#define whole_rzi(a) _Generic((a), float: __builtin_truncf, double: __builtin_trunc, _Float16: trunc_f16)(a)
#define whole_rni(a) _Generic((a), float: __builtin_rintf, double: __builtin_rint, _Float16: rint_f16)(a)
#define whole_rmi(a) _Generic((a), float: __builtin_floorf, double: __builtin_floor, _Float16: floor_f16)(a)
#define whole_rpi(a) _Generic((a), float: __builtin_ceilf, double: __builtin_ceil, _Float16: ceil_f16)(a)
INLINE _Float16 trunc_f16(_Float16 a) { return (_Float16)__builtin_truncf((float)a); }
INLINE _Float16 rint_f16(_Float16 a) { return (_Float16)__builtin_rintf((float)a); }
INLINE _Float16 floor_f16(_Float16 a) { return (_Float16)__builtin_floorf((float)a); }
INLINE _Float16 ceil_f16(_Float16 a) { return (_Float16)__builtin_ceilf((float)a); }
