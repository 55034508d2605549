/*
 * The native yardstick of `npm run bench -- kernel`: BN254 Fr as a C compiler makes it from portable scalar code, four
 * 64-bit limbs in Montgomery form (R = 2^256), canonical (< p) in and out. Vectorised or hand-scheduled assembly would
 * be faster; this is what "written in C" buys without them.
 *
 * Usage: fieldTwin <vector length> <repeats>. Prints one line of JSON: nanoseconds per element, the minimum over the
 * repeats, and under `checks` operands and results in plain hexadecimal, made by the very functions that are timed, for
 * nativeTwin.ts to recompute. Unlike the vectors of `Field`, axpy works in place: one array less to write to.
 *
 * Source: C. K. Koc, T. Acar, B. S. Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", IEEE Micro
 * 16(3), 1996, https://doi.org/10.1109/40.502403 (CIOS) [KAK96].
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LIMBS 4
#define TIMED __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

/* Enough that the sum of their products passes 2^512 and so reaches the ninth word of `dot`. */
#define CHECKED 256
#define WARM_UP_NS 250e6

typedef unsigned __int128 Wide;

typedef struct {
  uint64_t limb[LIMBS]; /* little-endian */
} Element;

static const Element MODULUS = {{0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
/* -1/p mod 2^64; `main` recomputes it. A literal, so that the compiler may fold it into the code. */
static const uint64_t NEGATED_INVERSE = 0xc2e1f593efffffff;

/* value < 2p in, canonical out, without a branch. */
INLINE Element subtract_modulus_once(Element value) {
  Element difference;
  uint64_t borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    Wide limb = (Wide)value.limb[i] - MODULUS.limb[i] - borrow;
    difference.limb[i] = (uint64_t)limb;
    borrow = (uint64_t)(limb >> 64) & 1;
  }
  uint64_t keep = -borrow;
  for (int i = 0; i < LIMBS; i++) difference.limb[i] = (value.limb[i] & keep) | (difference.limb[i] & ~keep);
  return difference;
}

INLINE Element add(const Element *a, const Element *b) {
  Element sum;
  uint64_t carry = 0;
  for (int i = 0; i < LIMBS; i++) {
    Wide limb = (Wide)a->limb[i] + b->limb[i] + carry;
    sum.limb[i] = (uint64_t)limb;
    carry = (uint64_t)(limb >> 64); /* 0 after the last limb: 2p < 2^256 */
  }
  return subtract_modulus_once(sum);
}

/*
 * a*b/R mod p for a < p and any b < 2^256. [KAK96] Multiplying and reducing share one pass, and the two carries out of a
 * row add up without overflow, because t < 2p < 2^255 after each row.
 */
INLINE Element multiply(const Element *a, const Element *b) {
  Element t = {{0}};
  for (int i = 0; i < LIMBS; i++) {
    Wide product = (Wide)a->limb[0] * b->limb[i] + t.limb[0];
    uint64_t factor = (uint64_t)product * NEGATED_INVERSE;
    Wide reduced = (Wide)factor * MODULUS.limb[0] + (uint64_t)product;
    for (int j = 1; j < LIMBS; j++) {
      product = (Wide)a->limb[j] * b->limb[i] + t.limb[j] + (uint64_t)(product >> 64);
      reduced = (Wide)factor * MODULUS.limb[j] + (uint64_t)product + (uint64_t)(reduced >> 64);
      t.limb[j - 1] = (uint64_t)reduced;
    }
    t.limb[LIMBS - 1] = (uint64_t)(product >> 64) + (uint64_t)(reduced >> 64);
  }
  return subtract_modulus_once(t);
}

TIMED void vector_mul(Element *restrict out, const Element *restrict a, const Element *restrict b, size_t length) {
  for (size_t i = 0; i < length; i++) out[i] = multiply(&a[i], &b[i]);
}

TIMED void vector_add(Element *restrict out, const Element *restrict a, const Element *restrict b, size_t length) {
  for (size_t i = 0; i < length; i++) out[i] = add(&a[i], &b[i]);
}

/* y = k*x + y */
TIMED void vector_axpy(Element *restrict y, const Element *restrict k, const Element *restrict x, size_t length) {
  for (size_t i = 0; i < length; i++) {
    Element product = multiply(k, &x[i]);
    y[i] = add(&y[i], &product);
  }
}

/* out = a*b, all 512 bits. */
INLINE void multiply_wide(uint64_t out[2 * LIMBS], const Element *a, const Element *b) {
  for (int i = 0; i < LIMBS; i++) out[i] = 0;
  for (int i = 0; i < LIMBS; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < LIMBS; j++) {
      Wide limb = (Wide)a->limb[j] * b->limb[i] + out[i + j] + carry;
      out[i + j] = (uint64_t)limb;
      carry = (uint64_t)(limb >> 64);
    }
    out[i + LIMBS] = carry;
  }
}

static Element one;            /* the integer 1, not in Montgomery form */
static Element radix;          /* R mod p: 1 in Montgomery form */
static Element radix_squared;  /* R^2 mod p */

/* (low + mid*R + top*R^2)/R mod p: the Montgomery form of a sum of products of Montgomery forms. */
static Element reduce_sum(const uint64_t sum[2 * LIMBS + 1]) {
  Element low, mid, top = {{sum[2 * LIMBS], 0, 0, 0}};
  for (int i = 0; i < LIMBS; i++) {
    low.limb[i] = sum[i];
    mid.limb[i] = sum[LIMBS + i];
  }
  low = multiply(&one, &low);
  mid = multiply(&radix, &mid);
  top = multiply(&radix_squared, &top);
  mid = add(&mid, &top);
  return add(&low, &mid);
}

/* The sum of a[i]*b[i], with one reduction at the end; length < 2^64. */
TIMED Element vector_dot(const Element *a, const Element *b, size_t length) {
  uint64_t sum[2 * LIMBS + 1] = {0};
  for (size_t i = 0; i < length; i++) {
    uint64_t product[2 * LIMBS];
    multiply_wide(product, &a[i], &b[i]);
    uint64_t carry = 0;
    for (int j = 0; j < 2 * LIMBS; j++) {
      Wide limb = (Wide)sum[j] + product[j] + carry;
      sum[j] = (uint64_t)limb;
      carry = (uint64_t)(limb >> 64);
    }
    sum[2 * LIMBS] += carry;
  }
  return reduce_sum(sum);
}

/* xorshift64, G. Marsaglia, "Xorshift RNGs", https://doi.org/10.18637/jss.v008.i14; the seed is the paper's. */
static uint64_t random_word(void) {
  static uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static int is_canonical(const Element *value) {
  for (int i = LIMBS - 1; i >= 0; i--) {
    if (value->limb[i] != MODULUS.limb[i]) return value->limb[i] < MODULUS.limb[i];
  }
  return 0;
}

/* Uniform below p by rejection; read as a Montgomery form, which is as uniform. */
static Element random_element(void) {
  Element value;
  do {
    for (int i = 0; i < LIMBS; i++) value.limb[i] = random_word();
    value.limb[LIMBS - 1] &= UINT64_MAX >> 2; /* p has 254 bits */
  } while (!is_canonical(&value));
  return value;
}

static Element *random_vector(size_t length) {
  Element *vector = malloc(length * sizeof(Element));
  if (vector == NULL) exit(2);
  for (size_t i = 0; i < length; i++) vector[i] = random_element();
  return vector;
}

/* 2^exponent mod p by doubling. */
static Element power_of_two(int exponent) {
  Element power = {{1, 0, 0, 0}};
  while (exponent-- > 0) power = add(&power, &power);
  return power;
}

static void prepare_constants(void) {
  if (MODULUS.limb[0] * NEGATED_INVERSE != UINT64_MAX) exit(2);
  one = power_of_two(0);
  radix = power_of_two(64 * LIMBS);
  radix_squared = power_of_two(2 * 64 * LIMBS);
}

/* "hexadecimal", out of Montgomery form. */
static void print_element(const Element *value) {
  Element plain = multiply(&one, value);
  printf("\"");
  for (int i = LIMBS - 1; i >= 0; i--) printf("%016" PRIx64, plain.limb[i]);
  printf("\"");
}

static void print_vector(const char *name, const Element *vector, size_t length) {
  printf("\"%s\":[", name);
  for (size_t i = 0; i < length; i++) {
    if (i > 0) printf(",");
    print_element(&vector[i]);
  }
  printf("],");
}

/*
 * Operands and every function's results on the first elements; 16 of them pair up the edges of the representation: the
 * Montgomery forms 0, R (of 1), p - 1 and 1.
 */
static void print_checks(Element *out, Element *x, Element *y, const Element *k, size_t length) {
  size_t checked = length < CHECKED ? length : CHECKED;
  Element edges[] = {{{0}}, radix, MODULUS, one};
  edges[2].limb[0] -= 1;
  for (size_t i = 0; i < 16 && i < checked; i++) {
    x[i] = edges[i / 4];
    y[i] = edges[i % 4];
  }
  printf("\"checks\":{\"k\":");
  print_element(k);
  printf(",");
  print_vector("x", x, checked);
  print_vector("y", y, checked);
  vector_mul(out, x, y, checked);
  print_vector("mul", out, checked);
  vector_add(out, x, y, checked);
  print_vector("add", out, checked);
  for (size_t i = 0; i < checked; i++) out[i] = y[i];
  vector_axpy(out, k, x, checked);
  print_vector("axpy", out, checked);
  Element dot = vector_dot(x, y, checked);
  printf("\"dot\":");
  print_element(&dot);
  printf("}");
}

static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void keep_minimum(double *minimum, double start) {
  double elapsed = now_ns() - start;
  if (elapsed < *minimum) *minimum = elapsed;
}

enum { MUL, ADD, AXPY, DOT, FUNCTIONS };

/* Each function once, in turn, so that a noisy moment hits all alike. `sink` keeps the dot product from being dropped. */
static void time_once(double minima[FUNCTIONS], Element *vectors[3], const Element *k, size_t length) {
  static volatile uint64_t sink;
  Element *out = vectors[0], *x = vectors[1], *y = vectors[2];
  double start = now_ns();
  vector_mul(out, x, y, length);
  keep_minimum(&minima[MUL], start);
  start = now_ns();
  vector_add(out, x, y, length);
  keep_minimum(&minima[ADD], start);
  start = now_ns();
  vector_axpy(out, k, x, length);
  keep_minimum(&minima[AXPY], start);
  start = now_ns();
  sink = vector_dot(x, y, length).limb[0];
  keep_minimum(&minima[DOT], start);
  (void)sink;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t length = strtoull(argv[1], NULL, 10);
  long repeats = strtol(argv[2], NULL, 10);
  if (length < 1 || repeats < 1) return 2;
  prepare_constants();
  Element *vectors[3] = {random_vector(length), random_vector(length), random_vector(length)};
  Element k = random_element();
  double warm_up[FUNCTIONS] = {1e18, 1e18, 1e18, 1e18};
  double minima[FUNCTIONS] = {1e18, 1e18, 1e18, 1e18};
  for (double start = now_ns(); now_ns() - start < WARM_UP_NS;) time_once(warm_up, vectors, &k, length);
  for (long i = 0; i < repeats; i++) time_once(minima, vectors, &k, length);
  const char *names[FUNCTIONS] = {"mulNs", "addNs", "axpyNs", "dotNs"};
  printf("{");
  for (int i = 0; i < FUNCTIONS; i++) printf("\"%s\":%.4f,", names[i], minima[i] / (double)length);
  print_checks(vectors[0], vectors[1], vectors[2], &k, length);
  printf("}\n");
  return 0;
}
