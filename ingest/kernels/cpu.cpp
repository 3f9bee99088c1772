// What torch does slowly for Whisper on a CPU, for x86-64 processors with AVX-512 (VNNI, BF16) and, where it says so, AMX:
// a whole window's attention in the encoder; and in the decoder, for one new token a window, the linear layers, attention
// over its own past and over the sound, and the choice of the next token. All heads are 64 wide, as in every Whisper
// model. Python (ingest/kernels/__init__.py) checks the processor's abilities before it loads this file.

#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int WIDTH = 64;  // of a head
using bf16 = uint16_t;

inline __m512 widen(const bf16 *p) {  // 16 bf16 to float
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
inline void narrow(bf16 *p, __m512 x) {  // round to nearest even
    _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh(x));
}

// e^x for x <= 0: 2^n times a polynomial in the remainder (Taylor to the fifth power, relative error 3e-6).
inline __m512 exp_negative(__m512 x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(-87.0f));
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693147181f), x);
    __m512 p = _mm512_set1_ps(1.0f / 120);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(p, n);
}

// 2^x for x <= 0, for shares that are rounded to bf16 anyway (third power, relative error 2e-4).
inline __m512 exp2_roughly(__m512 x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(-126.0f));
    __m512 n = _mm512_roundscale_ps(x, 0), r = _mm512_sub_ps(x, n);
    __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(0.0555041f), r, _mm512_set1_ps(0.2402265f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.6931472f));
    return _mm512_scalef_ps(_mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f)), n);
}

// Turns scores[0..n) (n a multiple of 16) into e^(score - greatest); returns their sum.
float exponentials(float *scores, int n) {
    __m512 top = _mm512_set1_ps(-INFINITY), sum = _mm512_setzero_ps();
    for (int i = 0; i < n; i += 16) top = _mm512_max_ps(top, _mm512_loadu_ps(scores + i));
    top = _mm512_set1_ps(_mm512_reduce_max_ps(top));
    for (int i = 0; i < n; i += 16) {
        __m512 e = exp_negative(_mm512_sub_ps(_mm512_loadu_ps(scores + i), top));
        _mm512_storeu_ps(scores + i, e);
        sum = _mm512_add_ps(sum, e);
    }
    return _mm512_reduce_add_ps(sum);
}

// 64 values in 8 bits; returns what a level of 1 is worth.
float to_levels(const bf16 *from, int8_t *levels) {
    __m512 x[WIDTH / 16], most = _mm512_setzero_ps();
    for (int i = 0; i < WIDTH / 16; i++) {
        x[i] = widen(from + 16 * i);
        most = _mm512_max_ps(most, _mm512_abs_ps(x[i]));
    }
    const float top = std::max(_mm512_reduce_max_ps(most), 1e-12f);
    for (int i = 0; i < WIDTH / 16; i++) {
        __m512i level = _mm512_cvtps_epi32(_mm512_mul_ps(x[i], _mm512_set1_ps(127 / top)));
        _mm_store_si128((__m128i *)(levels + 16 * i), _mm512_cvtepi32_epi8(level));
    }
    return top / 127;
}

struct Peak {
    float top, mass;  // the greatest logit, and the logarithm of the sum of all exponentials
    int at;
};

// Of n logits; at = -1 and both -infinity when there is none that may be chosen.
Peak peak_of(const bf16 *logits, int n) {
    const auto load = [&](int i) {  // 16 from i on, those past the end as -infinity
        const __mmask16 there = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, logits + i));
        return _mm512_mask_blend_ps(there, _mm512_set1_ps(-INFINITY), _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16)));
    };
    __m512 most = _mm512_set1_ps(-INFINITY), sum = _mm512_setzero_ps();
    for (int i = 0; i < n; i += 16) most = _mm512_max_ps(most, load(i));
    const float top = _mm512_reduce_max_ps(most);
    if (top == -INFINITY) return {top, top, -1};
    int at = -1;
    for (int i = 0; i < n; i += 16) {
        const __m512 x = load(i);
        sum = _mm512_add_ps(sum, exp_negative(_mm512_sub_ps(x, _mm512_set1_ps(top))));
        if (at < 0)
            if (const unsigned same = _mm512_cmp_ps_mask(x, _mm512_set1_ps(top), _CMP_EQ_OQ)) at = i + __builtin_ctz(same);
    }
    return {top, top + std::log(_mm512_reduce_add_ps(sum)), at};
}

float log_of_sum(float a, float b) {  // of e^a + e^b
    const float top = std::max(a, b);
    return top == -INFINITY ? top : top + std::log1p(std::exp(-std::fabs(a - b)));
}

inline int up(int n, int unit) { return (n + unit - 1) / unit * unit; }

// ---- The encoder: AMX tiles of 16 x 32 bf16 -----------------------------------------------------------------------

struct alignas(64) TileShapes {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// A head's keys and values in the order in which AMX multiplies: two rows of a column side by side.
struct Packed {
    std::vector<bf16> keys, values;  // [keys / 16][2][16][16][2] and [keys / 32][4][16][16][2]
};

void pack_head(const bf16 *k, const bf16 *v, int n, int stride, Packed &to) {
    int padded = up(n, 32);
    to.keys.assign((size_t)padded * WIDTH, 0);
    to.values.assign((size_t)padded * WIDTH, 0);
    for (int at = 0; at < n; at++) {
        const uint32_t *pairs = (const uint32_t *)(k + (size_t)at * stride);
        uint32_t *block = (uint32_t *)to.keys.data() + (size_t)(at / 16) * 16 * (WIDTH / 2);
        for (int pair = 0; pair < WIDTH / 2; pair++) block[pair * 16 + at % 16] = pairs[pair];
        bf16 *base = to.values.data() + (size_t)(at / 32) * 32 * WIDTH;
        for (int d = 0; d < WIDTH; d++)
            base[((d / 16) * 16 + (at % 32) / 2) * 32 + (d % 16) * 2 + at % 2] = v[(size_t)at * stride + d];
    }
}

constexpr int CHUNK = 128;  // keys whose scores are held at a time: they stay in the nearest cache

// Adds four tiles' products: 32 rows of `a` times 32 columns of the packed `b`, over `depth` values.
inline void multiply(const bf16 *a, int a_stride, const bf16 *b, int b_step, int right, int depth) {
    asm volatile("" ::: "memory");  // GCC 12 does not know that loading a tile reads memory
    for (int at = 0; at < depth; at += 32) {
        const bf16 *rows = a + at, *columns = b + (size_t)(at / 32) * b_step;
        _tile_loadd(4, rows, a_stride * 2);
        _tile_loadd(5, rows + 16 * a_stride, a_stride * 2);
        _tile_loadd(6, columns, 64);
        _tile_loadd(7, columns + right, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
}

inline void clear_tiles() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

inline void load_tiles(const float *from, int stride) {
    asm volatile("" ::: "memory");
    _tile_loadd(0, from, stride * 4);
    _tile_loadd(1, from + 16, stride * 4);
    _tile_loadd(2, from + 16 * stride, stride * 4);
    _tile_loadd(3, from + 16 * stride + 16, stride * 4);
}

inline void store_tiles(float *to, int stride) {
    _tile_stored(0, to, stride * 4);
    _tile_stored(1, to + 16, stride * 4);
    _tile_stored(2, to + 16 * stride, stride * 4);
    _tile_stored(3, to + 16 * stride + 16, stride * 4);
}

// Attention of 32 queries over all keys of a head, a chunk of keys after the other: when a chunk has a greater score
// than those before, what was summed up is scaled down (the running softmax of Milakov and Gimelshein, 2018).
void attend_block(const bf16 *q, int rows, int stride, const Packed &head, int n, bf16 *out, int out_stride) {
    alignas(64) bf16 queries[32 * WIDTH] = {}, shares[32 * CHUNK];
    alignas(64) float scores[32 * CHUNK], result[32 * WIDTH] = {}, tops[32], sums[32] = {};
    for (int r = 0; r < rows; r++) memcpy(queries + r * WIDTH, q + (size_t)r * stride, WIDTH * sizeof(bf16));
    std::fill(tops, tops + 32, -INFINITY);
    constexpr float SCALE = 0.125f * 1.44269504f;  // 1 / sqrt(64), and powers of 2 instead of e
    for (int first = 0; first < n; first += CHUNK) {
        const int padded = std::min(CHUNK, up(n, 32) - first), known = std::min(CHUNK, n - first);
        for (int key = 0; key < padded; key += 32) {
            clear_tiles();
            multiply(queries, WIDTH, head.keys.data() + (size_t)(first + key) * WIDTH, 512, 16 * WIDTH, WIDTH);
            store_tiles(scores + key, CHUNK);
        }
        for (int r = 0; r < rows; r++) {
            float *row = scores + r * CHUNK;
            for (int key = known; key < padded; key++) row[key] = -INFINITY;
            __m512 most = _mm512_loadu_ps(row), sum = _mm512_setzero_ps();
            for (int key = 16; key < padded; key += 16) most = _mm512_max_ps(most, _mm512_loadu_ps(row + key));
            const float top = std::max(tops[r], SCALE * _mm512_reduce_max_ps(most));
            for (int key = 0; key < padded; key += 16) {
                __m512 e = exp2_roughly(_mm512_fmsub_ps(_mm512_loadu_ps(row + key), _mm512_set1_ps(SCALE), _mm512_set1_ps(top)));
                sum = _mm512_add_ps(sum, e);
                narrow(shares + r * CHUNK + key, e);
            }
            if (top > tops[r] && first > 0) {
                const float less = std::exp2(tops[r] - top);
                sums[r] *= less;
                for (int d = 0; d < WIDTH; d += 16)
                    _mm512_store_ps(result + r * WIDTH + d, _mm512_mul_ps(_mm512_load_ps(result + r * WIDTH + d), _mm512_set1_ps(less)));
            }
            tops[r] = top;
            sums[r] += _mm512_reduce_add_ps(sum);
        }
        for (int d = 0; d < WIDTH; d += 32) {
            load_tiles(result + d, WIDTH);
            multiply(shares, CHUNK, head.values.data() + (size_t)first * WIDTH + d * 32, 32 * WIDTH, 512, padded);
            store_tiles(result + d, WIDTH);
        }
    }
    for (int r = 0; r < rows; r++)
        for (int d = 0; d < WIDTH; d += 16)
            narrow(out + (size_t)r * out_stride + d,
                   _mm512_div_ps(_mm512_load_ps(result + r * WIDTH + d), _mm512_set1_ps(sums[r])));
}

}  // namespace

extern "C" {

// To be raised with every change of what a function takes; ingest/kernels/__init__.py loads this version only.
int callcoach_version() { return 1; }

// Asks the kernel for the right to use AMX tiles; 0 when granted. Once per process, before encoder_attention.
int callcoach_allow_amx() { return (int)syscall(SYS_arch_prctl, 0x1023, 18); }

// qkv: bf16, n x 3 x heads x 64; out: bf16, n x heads x 64.
void callcoach_encoder_attention(const bf16 *qkv, bf16 *out, int n, int heads) {
    const int stride = 3 * heads * WIDTH, blocks = up(n, 32) / 32;
    std::vector<Packed> packed(heads);
#pragma omp parallel
    {
        static const TileShapes shapes;
        _tile_loadconfig(&shapes);
#pragma omp for schedule(static)
        for (int h = 0; h < heads; h++)
            pack_head(qkv + (heads + h) * WIDTH, qkv + (2 * heads + h) * WIDTH, n, stride, packed[h]);
#pragma omp for schedule(dynamic, 4)
        for (int task = 0; task < heads * blocks; task++) {
            int h = task / blocks, first = task % blocks * 32;
            attend_block(qkv + (size_t)first * stride + h * WIDTH, std::min(32, n - first), stride, packed[h], n,
                         out + (size_t)first * heads * WIDTH + h * WIDTH, heads * WIDTH);
        }
        _tile_release();
    }
}

// ---- The decoder's linear layers: few rows, so that reading the weights is what takes time; 8 bits are half of it ----

// out = x @ weights + bias. x: bf16, rows x depth; out: bf16, rows x width; bias: float. Weights in 8 bits, each of the
// `width` (a multiple of 64) outputs with its own scale, as [width / 16][depth / 4][16 outputs][4], depth a multiple of
// 64. Every row of x is brought to 8 bits with a scale of its own.
void callcoach_linear(const bf16 *x, const int8_t *weights, const float *scales, const float *bias, bf16 *out, int rows,
                      int depth, int width) {
    const int padded = up(rows, 16);
    std::vector<int8_t> levels((size_t)padded * depth + 64);
    std::vector<float> units(padded);
    for (int r = 0; r < rows; r++) {
        __m512 most = _mm512_set1_ps(1e-12f);
        for (int d = 0; d < depth; d += 16) most = _mm512_max_ps(most, _mm512_abs_ps(widen(x + (size_t)r * depth + d)));
        const float top = _mm512_reduce_max_ps(most);
        units[r] = top / 127;
        for (int d = 0; d < depth; d += 16) {
            __m512 level = _mm512_mul_ps(widen(x + (size_t)r * depth + d), _mm512_set1_ps(127 / top));
            _mm_storeu_si128((__m128i *)(levels.data() + (size_t)r * depth + d), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(level)));
        }
    }
#pragma omp parallel
    {
        static const TileShapes shapes;
        _tile_loadconfig(&shapes);
        alignas(64) int32_t sums[16 * 64];
#pragma omp for schedule(static)
        for (int column = 0; column < width; column += 64)
            for (int first = 0; first < rows; first += 16) {
                clear_tiles();
                asm volatile("" ::: "memory");
                const int8_t *block = weights + (size_t)column * depth;
                for (int d = 0; d < depth; d += 64) {
                    _tile_loadd(4, levels.data() + (size_t)first * depth + d, depth);
                    _tile_loadd(5, block + (size_t)d * 16, 64);
                    _tile_loadd(6, block + (size_t)(depth + d) * 16, 64);
                    _tile_dpbssd(0, 4, 5);
                    _tile_dpbssd(1, 4, 6);
                    _tile_loadd(5, block + (size_t)(2 * depth + d) * 16, 64);
                    _tile_loadd(6, block + (size_t)(3 * depth + d) * 16, 64);
                    _tile_dpbssd(2, 4, 5);
                    _tile_dpbssd(3, 4, 6);
                }
                _tile_stored(0, sums, 256);
                _tile_stored(1, sums + 16, 256);
                _tile_stored(2, sums + 32, 256);
                _tile_stored(3, sums + 48, 256);
                for (int r = first; r < std::min(first + 16, rows); r++)
                    for (int i = 0; i < 64; i += 16) {
                        __m512 y = _mm512_cvtepi32_ps(_mm512_load_si512(sums + (r - first) * 64 + i));
                        y = _mm512_mul_ps(y, _mm512_mul_ps(_mm512_set1_ps(units[r]), _mm512_loadu_ps(scales + column + i)));
                        narrow(out + (size_t)r * width + column + i, _mm512_add_ps(y, _mm512_loadu_ps(bias + column + i)));
                    }
            }
        _tile_release();
    }
}

// ---- The decoder's attention: one new token a row ----------------------------------------------------------------------------

// Appends each row's key and value to its past and attends over it: position `at[row]` is the new one.
// qkv: bf16, rows x 3 x heads x 64; past: bf16, rows x 2 x capacity x heads x 64; out: bf16, rows x heads x 64.
void callcoach_past_attention(const bf16 *qkv, bf16 *past, const int64_t *at, bf16 *out, int rows, int heads,
                              int capacity) {
    const int state = heads * WIDTH;
#pragma omp parallel for collapse(2) schedule(static)
    for (int row = 0; row < rows; row++)
        for (int h = 0; h < heads; h++) {
            const int n = (int)at[row] + 1;
            bf16 *keys = past + (size_t)row * 2 * capacity * state + h * WIDTH;
            bf16 *values = keys + (size_t)capacity * state;
            const bf16 *q = qkv + (size_t)row * 3 * state + h * WIDTH;
            memcpy(keys + (size_t)(n - 1) * state, q + state, WIDTH * sizeof(bf16));
            memcpy(values + (size_t)(n - 1) * state, q + 2 * state, WIDTH * sizeof(bf16));
            float scores[512];
            __m512 query[4], sum[4];
            for (int i = 0; i < 4; i++) {
                query[i] = _mm512_mul_ps(widen(q + 16 * i), _mm512_set1_ps(0.125f));
                sum[i] = _mm512_setzero_ps();
            }
            for (int t = 0; t < n; t++) {
                __m512 dot = _mm512_mul_ps(query[0], widen(keys + (size_t)t * state));
                for (int i = 1; i < 4; i++) dot = _mm512_fmadd_ps(query[i], widen(keys + (size_t)t * state + 16 * i), dot);
                scores[t] = _mm512_reduce_add_ps(dot);
            }
            for (int t = n; t < up(n, 16); t++) scores[t] = -INFINITY;
            const float total = exponentials(scores, up(n, 16));
            for (int t = 0; t < n; t++)
                for (int i = 0; i < 4; i++)
                    sum[i] = _mm512_fmadd_ps(_mm512_set1_ps(scores[t]), widen(values + (size_t)t * state + 16 * i), sum[i]);
            for (int i = 0; i < 4; i++)
                narrow(out + (size_t)row * state + h * WIDTH + 16 * i, _mm512_div_ps(sum[i], _mm512_set1_ps(total)));
        }
}

constexpr int SIDE_BY_SIDE = 4;  // blocks of 16 positions that share a read of the query

// A window's keys and values of one layer in 8 bits, each position of a head with its own scale. Per head, for
// `capacity` positions (a multiple of 16): keys + 128 as [capacity / 16][16][16 positions][4], values as
// [capacity / 4][64][4 positions], then the scales of keys and of values, float. Positions from n on stay as they are.
size_t callcoach_sound_bytes(int heads, int capacity) { return (size_t)heads * capacity * (2 * WIDTH + 8); }

// k, v: bf16, n x heads x 64, with `stride` values from one position to the next.
void callcoach_store_sound(const bf16 *k, const bf16 *v, uint8_t *sound, int n, int heads, int capacity, int stride) {
#pragma omp parallel for schedule(static)
    for (int h = 0; h < heads; h++) {
        uint8_t *keys = sound + (size_t)h * capacity * (2 * WIDTH + 8);
        uint8_t *values = keys + (size_t)capacity * WIDTH;
        float *key_scales = (float *)(values + (size_t)capacity * WIDTH), *value_scales = key_scales + capacity;
        alignas(64) int8_t levels[16][WIDTH];
        for (int t = 0; t < n; t += 16) {
            for (int i = 0; i < 16; i++)
                key_scales[t + i] = t + i < n ? to_levels(k + (size_t)(t + i) * stride + h * WIDTH, levels[i]) : 0.0f;
            uint32_t *quads = (uint32_t *)(keys + (size_t)t * WIDTH);
            for (int i = 0; i < 16; i++)
                for (int d = 0; d < 16; d++) quads[d * 16 + i] = ((const uint32_t *)levels[i])[d] ^ 0x80808080u;  // + 128
            for (int i = 0; i < 16; i++)
                value_scales[t + i] = t + i < n ? to_levels(v + (size_t)(t + i) * stride + h * WIDTH, levels[i]) : 0.0f;
            for (int i = 0; i < 16; i += 4)
                for (int d = 0; d < WIDTH; d += 16) {
                    __m128i four[4];
                    for (int at = 0; at < 4; at++) four[at] = _mm_load_si128((const __m128i *)(levels[i + at] + d));
                    __m128i low = _mm_unpacklo_epi8(four[0], four[1]), high = _mm_unpackhi_epi8(four[0], four[1]);
                    __m128i low2 = _mm_unpacklo_epi8(four[2], four[3]), high2 = _mm_unpackhi_epi8(four[2], four[3]);
                    __m128i *to = (__m128i *)(values + (size_t)(t + i) * WIDTH + d * 4);
                    _mm_storeu_si128(to, _mm_unpacklo_epi16(low, low2));
                    _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(low, low2));
                    _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(high, high2));
                    _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(high, high2));
                }
        }
    }
}

// Attention of each row's query over its window's sound of `lengths[row]` positions, which lies `row_bytes` after that
// of the row before. q, out: bf16, rows x heads x 64. Heads with `listens[h] >= 0` leave their shares in `heard`:
// float, rows x listeners x capacity, at that place.
//
// Queries and shares are split into two 8-bit halves, so that only the stored keys and values are rounded to 8 bits.
void callcoach_sound_attention(const bf16 *q, const uint8_t *sound, size_t row_bytes, const int64_t *lengths,
                               bf16 *out, const int64_t *listens, float *heard, int rows, int heads, int capacity,
                               int listeners) {
    const int state = heads * WIDTH;
#pragma omp parallel for collapse(2) schedule(dynamic, 2)
    for (int row = 0; row < rows; row++)
        for (int h = 0; h < heads; h++) {
            const int n = (int)lengths[row], padded = up(n, 16);
            const uint8_t *keys = sound + row * row_bytes + (size_t)h * capacity * (2 * WIDTH + 8);
            const int8_t *values = (const int8_t *)keys + (size_t)capacity * WIDTH;
            const float *key_scales = (const float *)(values + (size_t)capacity * WIDTH);
            const float *value_scales = key_scales + capacity;
            float query[WIDTH], top = 1e-12f;
            for (int d = 0; d < WIDTH; d += 16) _mm512_storeu_ps(query + d, widen(q + (size_t)row * state + h * WIDTH + d));
            for (int d = 0; d < WIDTH; d++) top = std::max(top, std::fabs(query[d]));
            alignas(64) int8_t high[WIDTH], low[WIDTH];
            int high_sum = 0, low_sum = 0;
            for (int d = 0; d < WIDTH; d++) {
                int level = (int)std::lrintf(query[d] * 32000 / top);
                high[d] = (int8_t)((level + 128) >> 8);
                low[d] = (int8_t)(level - high[d] * 256);
                high_sum += high[d];
                low_sum += low[d];
            }
            alignas(64) float scores[1536];
            const __m512 unit = _mm512_set1_ps(0.125f * top / 32000);
            const __m512 shift = _mm512_set1_ps(128.0f * (256.0f * high_sum + low_sum));
            for (int t = 0; t < padded; t += 16 * SIDE_BY_SIDE) {  // the last blocks may lie before `t`: done twice
                const int first = std::max(0, std::min(t, padded - 16 * SIDE_BY_SIDE)), blocks = std::min(SIDE_BY_SIDE, padded / 16);
                __m512i by_high[SIDE_BY_SIDE], by_low[SIDE_BY_SIDE];
                for (int i = 0; i < SIDE_BY_SIDE; i++) by_high[i] = by_low[i] = _mm512_setzero_si512();
                const uint8_t *block = keys + (size_t)first * WIDTH;
                for (int d = 0; d < WIDTH / 4; d++) {
                    const __m512i upper = _mm512_set1_epi32(((const int32_t *)high)[d]);
                    const __m512i lower = _mm512_set1_epi32(((const int32_t *)low)[d]);
                    for (int i = 0; i < SIDE_BY_SIDE; i++) {
                        __m512i key = _mm512_loadu_si512(block + (i < blocks ? i : 0) * 16 * WIDTH + d * 64);
                        by_high[i] = _mm512_dpbusd_epi32(by_high[i], key, upper);
                        by_low[i] = _mm512_dpbusd_epi32(by_low[i], key, lower);
                    }
                }
                for (int i = 0; i < blocks; i++) {
                    __m512 dot = _mm512_fmadd_ps(_mm512_cvtepi32_ps(by_high[i]), _mm512_set1_ps(256.0f), _mm512_cvtepi32_ps(by_low[i]));
                    dot = _mm512_mul_ps(_mm512_sub_ps(dot, shift), unit);
                    _mm512_store_ps(scores + first + 16 * i, _mm512_mul_ps(dot, _mm512_loadu_ps(key_scales + first + 16 * i)));
                }
            }
            for (int t = n; t < padded; t++) scores[t] = -INFINITY;
            const float total = exponentials(scores, padded);
            if (listens[h] >= 0) {
                float *to = heard + ((size_t)row * listeners + listens[h]) * capacity;
                for (int t = 0; t < n; t += 16) _mm512_storeu_ps(to + t, _mm512_div_ps(_mm512_load_ps(scores + t), _mm512_set1_ps(total)));
            }
            __m512 most = _mm512_setzero_ps();
            for (int t = 0; t < padded; t += 16) {
                __m512 share = _mm512_mul_ps(_mm512_load_ps(scores + t), _mm512_loadu_ps(value_scales + t));
                _mm512_store_ps(scores + t, share);
                most = _mm512_max_ps(most, share);
            }
            const float greatest = std::max(_mm512_reduce_max_ps(most), 1e-30f);
            alignas(64) uint8_t share_high[1536], share_low[1536];
            for (int t = 0; t < padded; t += 16) {
                __m512i level = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_load_ps(scores + t), _mm512_set1_ps(65535.0f / greatest)));
                _mm_store_si128((__m128i *)(share_high + t), _mm512_cvtepi32_epi8(_mm512_srli_epi32(level, 8)));
                _mm_store_si128((__m128i *)(share_low + t), _mm512_cvtepi32_epi8(level));
            }
            __m512i by_high[4], by_low[4];
            for (int i = 0; i < 4; i++) by_high[i] = by_low[i] = _mm512_setzero_si512();
            for (int t = 0; t < padded; t += 4) {
                const __m512i upper = _mm512_set1_epi32(*(const int32_t *)(share_high + t));
                const __m512i lower = _mm512_set1_epi32(*(const int32_t *)(share_low + t));
                for (int i = 0; i < 4; i++) {
                    __m512i value = _mm512_loadu_si512(values + (size_t)t * WIDTH + 64 * i);
                    by_high[i] = _mm512_dpbusd_epi32(by_high[i], upper, value);
                    by_low[i] = _mm512_dpbusd_epi32(by_low[i], lower, value);
                }
            }
            const __m512 back = _mm512_set1_ps(greatest / 65535.0f / total);
            for (int i = 0; i < 4; i++) {
                __m512 x = _mm512_fmadd_ps(_mm512_cvtepi32_ps(by_high[i]), _mm512_set1_ps(256.0f), _mm512_cvtepi32_ps(by_low[i]));
                narrow(out + (size_t)row * state + h * WIDTH + 16 * i, _mm512_mul_ps(x, back));
            }
        }
}

// ---- The decoder's choice ----------------------------------------------------------------------------------------

// The likeliest next token of every row under Whisper's rules for timestamps, and its log-probability; ingest/greedy.py
// (Rules.choose) has the same in torch. logits: bf16, a row every `stride`; last, before: whether the latest token and
// the one before are timestamps; stamp: the latest timestamp, counted from `begin`.
void callcoach_choose(const bf16 *logits, size_t stride, const uint8_t *last, const uint8_t *before, const int64_t *stamp,
                      int64_t *tokens, float *logprobs, int rows, int end, int begin, int vocabulary) {
#pragma omp parallel for schedule(static)
    for (int row = 0; row < rows; row++) {
        const bf16 *own = logits + row * stride;
        const bool closing = last[row] && !before[row], opened = last[row] && before[row];
        Peak text = closing ? Peak{-INFINITY, -INFINITY, -1} : peak_of(own, end);
        const Peak ending = peak_of(own + end, 1);
        text = {std::max(text.top, ending.top), log_of_sum(text.mass, ending.mass), ending.top > text.top ? end : text.at};
        const int first = begin + (int)stamp[row] + !closing;
        Peak time{-INFINITY, -INFINITY, -1};
        if (!opened && first < vocabulary) time = peak_of(own + first, vocabulary - first);
        const bool only_times = time.mass > text.top;
        tokens[row] = only_times ? first + time.at : text.at;
        logprobs[row] = only_times ? time.top - time.mass : text.top - log_of_sum(time.mass, text.mass);
    }
}
}
