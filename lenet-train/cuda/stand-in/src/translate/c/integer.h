/* Arithmetic of integers and bits as PTX defines it, where C's differs. */

/* Division by zero gives all ones on a GPU; what C leaves open, the most negative number by -1, wraps around. */
#define WHOLE(type) \
    INLINE type min_##type(type a, type b) { return a < b ? a : b; } \
    INLINE type max_##type(type a, type b) { return a > b ? a : b; }
#define WHOLE_UNSIGNED(type) \
    WHOLE(type) \
    INLINE type div_##type(type a, type b) { return b ? a / b : (type)-1; } \
    INLINE type rem_##type(type a, type b) { return b ? a % b : a; }
#define WHOLE_SIGNED(type, word) \
    WHOLE(type) \
    INLINE type div_##type(type a, type b) { return b == 0 ? -1 : b == -1 ? (type)-(word)a : a / b; } \
    INLINE type rem_##type(type a, type b) { return b == 0 ? a : b == -1 ? 0 : a % b; }
WHOLE_UNSIGNED(u16)
WHOLE_UNSIGNED(u32)
WHOLE_UNSIGNED(u64)
WHOLE_SIGNED(s16, u16)
WHOLE_SIGNED(s32, u32)
WHOLE_SIGNED(s64, u64)

INLINE u16 mul_hi_u16(u16 a, u16 b) { return (u32)a * b >> 16; }
INLINE s16 mul_hi_s16(s16 a, s16 b) { return (s32)a * b >> 16; }
INLINE u32 mul_hi_u32(u32 a, u32 b) { return (u64)a * b >> 32; }
INLINE s32 mul_hi_s32(s32 a, s32 b) { return (s64)a * b >> 32; }
INLINE u64 mul_hi_u64(u64 a, u64 b) { return (u128)a * b >> 64; }
INLINE s64 mul_hi_s64(s64 a, s64 b) { return (s128)a * b >> 64; }
INLINE s32 saturate_s32(s64 a) { return a > INT32_MAX ? INT32_MAX : a < INT32_MIN ? INT32_MIN : a; }

/* Shifts by as much as there are bits, or more, leave nothing but the sign. */
#define SHIFTS(bits) \
    INLINE u##bits shl_u##bits(u##bits a, u32 n) { return n < bits ? (u##bits)((u64)a << n) : 0; } \
    INLINE u##bits shr_u##bits(u##bits a, u32 n) { return n < bits ? a >> n : 0; } \
    INLINE s##bits shr_s##bits(s##bits a, u32 n) { return a >> (n < bits ? n : bits - 1); }
SHIFTS(16)
SHIFTS(32)
SHIFTS(64)
/* b above a, shifted: the upper word of it to the left, the lower word to the right. */
INLINE u32 shf_l(u32 a, u32 b, u32 n) { return ((u64)b << 32 | a) << n >> 32; }
INLINE u32 shf_r(u32 a, u32 b, u32 n) { return ((u64)b << 32 | a) >> n; }

INLINE u32 popc_32(u32 a) { return __builtin_popcount(a); }
INLINE u32 popc_64(u64 a) { return __builtin_popcountll(a); }
INLINE u32 clz_32(u32 a) { return a ? __builtin_clz(a) : 32; }
INLINE u32 clz_64(u64 a) { return a ? __builtin_clzll(a) : 64; }
INLINE u32 bfind_u32(u32 a) { return a ? 31 - clz_32(a) : ~0u; }
INLINE u32 bfind_u64(u64 a) { return a ? 63 - clz_64(a) : ~0u; }
INLINE u32 bfind_s32(s32 a) { return bfind_u32(a < 0 ? ~a : a); }
INLINE u32 bfind_s64(s64 a) { return bfind_u64(a < 0 ? ~a : a); }
INLINE u64 brev_64(u64 a) {
    u64 r = 0;
    for (int i = 0; i < 64; i++) r |= (a >> i & 1) << (63 - i);
    return r;
}
INLINE u32 brev_32(u32 a) { return brev_64(a) >> 32; }

/* A field of `length` bits from bit `at`; of a signed number, with its sign. Both lengths count modulo 256. */
#define FIELDS(bits) \
    INLINE u##bits field_u##bits(u32 length) { return length >= bits ? (u##bits)-1 : ((u##bits)1 << length) - 1; } \
    INLINE u##bits bfe_u##bits(u##bits a, u32 at, u32 length) { \
        return shr_u##bits(a, at & 255) & field_u##bits(length & 255); \
    } \
    INLINE s##bits bfe_s##bits(s##bits a, u32 at, u32 length) { \
        at &= 255, length &= 255; \
        if (length == 0) return 0; \
        u32 last = at + length - 1; \
        s##bits sign = shr_s##bits(a, last < bits ? last : bits - 1) & 1 ? -1 : 0; \
        u##bits field = field_u##bits(length), valid = at < bits ? field_u##bits(bits - at) : 0; \
        return (shr_u##bits(a, at) & field & valid) | (sign & ~(field & valid)); \
    } \
    INLINE u##bits bfi_##bits(u##bits a, u##bits b, u32 at, u32 length) { \
        u##bits field = shl_u##bits(field_u##bits(length & 255), at & 255); \
        return (b & ~field) | (shl_u##bits(a, at & 255) & field); \
    }
FIELDS(32)
FIELDS(64)

/* Four bytes out of the eight of a and b, each by four bits of c; the fourth of them repeats the byte's sign. */
INLINE u32 prmt(u32 a, u32 b, u32 c) {
    u64 all = (u64)b << 32 | a;
    u32 r = 0;
    for (int i = 0; i < 4; i++) {
        u32 choice = c >> 4 * i & 15;
        u8 byte = all >> 8 * (choice & 7);
        r |= (u32)(choice & 8 ? (u8)((s8)byte >> 7) : byte) << 8 * i;
    }
    return r;
}
/* Bit by bit, the entry of the table that the bits of a, b and c are the number of. */
INLINE u32 lop3(u32 a, u32 b, u32 c, u32 table) {
    u32 r = 0;
    for (int i = 0; i < 8; i++)
        if (table >> i & 1) r |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
    return r;
}

/* From floating point numbers, limited to what fits. NaN becomes 0, or with 64 bits on either side the highest bit. */
#define FROM_FLOAT(type, least, most, highest) \
    INLINE type to_##type(double a) { return a != a ? 0 : a >= (double)most ? most : a <= (double)least ? least : (type)a; } \
    INLINE type to_##type##_wide(double a) { return a != a ? highest : to_##type(a); }
FROM_FLOAT(u8, 0, UINT8_MAX, 0x80)
FROM_FLOAT(s8, INT8_MIN, INT8_MAX, INT8_MIN)
FROM_FLOAT(u16, 0, UINT16_MAX, 0x8000)
FROM_FLOAT(s16, INT16_MIN, INT16_MAX, INT16_MIN)
FROM_FLOAT(u32, 0, UINT32_MAX, 0x80000000u)
FROM_FLOAT(s32, INT32_MIN, INT32_MAX, INT32_MIN)
FROM_FLOAT(u64, 0, UINT64_MAX, 0x8000000000000000ull)
FROM_FLOAT(s64, INT64_MIN, INT64_MAX, INT64_MIN)
/* From integers, limited to what fits. */
#define FROM_WHOLE(type, least, most) \
    INLINE type limit_##type(s128 a) { return a > most ? most : a < least ? least : (type)a; }
FROM_WHOLE(u8, 0, UINT8_MAX)
FROM_WHOLE(s8, INT8_MIN, INT8_MAX)
FROM_WHOLE(u16, 0, UINT16_MAX)
FROM_WHOLE(s16, INT16_MIN, INT16_MAX)
FROM_WHOLE(u32, 0, UINT32_MAX)
FROM_WHOLE(s32, INT32_MIN, INT32_MAX)
FROM_WHOLE(u64, 0, (s128)UINT64_MAX)
FROM_WHOLE(s64, INT64_MIN, INT64_MAX)
