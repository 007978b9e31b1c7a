#pragma once

// libvips as Swift can call it: its own functions take their options as variadic name-value pairs. Functions that return
// an int follow libvips: 0, or -1 with the reason in `cvips_error_copy`.

#include <stddef.h>
#include <stdint.h>

/// A picture: a pipeline that yields pixels only when something reads them.
typedef struct cvips_image cvips_image;

typedef enum { CVIPS_PNG, CVIPS_JPEG, CVIPS_WEBP } cvips_format;

/// Loads the library and starts it: one thread an operation, no cache, no loaders but three. Once in a process, before
/// anything else here; -1 if there is no such library, or it will not start.
int cvips_start(void);
/// Why something failed, to be freed by `cvips_free`; the buffer is one for all threads. NULL before the library is there
/// and when memory is short.
char *cvips_error_copy(void);
/// Gives back what is kept for the calling thread.
void cvips_leave_thread(void);

/// Opens a picture in memory, which must outlive it. Strict readers fail on warnings, others on errors.
int cvips_load_buffer(
    cvips_format format, const void *data, size_t length, int sequential, int strict, cvips_image **out);
/// Opens a picture in a file, which must stay as it is.
int cvips_load_file(cvips_format format, const char *path, int sequential, int strict, cvips_image **out);
void cvips_release(cvips_image *image);
void cvips_free(void *data);

int cvips_width(const cvips_image *image);
int cvips_height(const cvips_image *image);
int cvips_bands(const cvips_image *image);
/// Whether a sample has sixteen bits.
int cvips_is_deep(const cvips_image *image);
int cvips_has_alpha(cvips_image *image);
int cvips_has_profile(const cvips_image *image);
/// What all pixels take, decoded.
uint64_t cvips_decoded_bytes(const cvips_image *image);
/// Whatever is made of the picture stops so many microseconds from now.
void cvips_limit_time(cvips_image *image, int64_t microseconds);

/// Reads every pixel.
int cvips_average(cvips_image *in, double *out);
/// Reads every pixel.
int cvips_minimum(cvips_image *in, double *out);
/// Every pixel, row by row, to be freed by `cvips_free`; NULL if that fails.
void *cvips_pixels(cvips_image *in, size_t *length);
/// A file of the picture without metadata, to be freed by `cvips_free`; reads every pixel.
int cvips_save(cvips_image *in, cvips_format format, int quality, void **data, size_t *length);

/// Turned as its Exif orientation says, which is dropped.
int cvips_autorotate(cvips_image *in, cvips_image **out);
/// From the embedded profile to eight bits of sRGB.
int cvips_profile_to_srgb(cvips_image *in, cvips_image **out);
/// From whatever the file says to eight bits of sRGB, without a profile.
int cvips_to_srgb(cvips_image *in, cvips_image **out);
/// Exactly so large, stretched where the ratio differs.
int cvips_stretch(cvips_image *in, cvips_image **out, int width, int height);
/// Within a box, the ratio kept, never enlarged.
int cvips_shrink(cvips_image *in, cvips_image **out, int width, int height);
int cvips_flatten(cvips_image *in, cvips_image **out, double red, double green, double blue);
int cvips_band(cvips_image *in, cvips_image **out, int band);
/// 255 where a value is at least `least`, else 0.
int cvips_threshold(cvips_image *in, cvips_image **out, double least);
int cvips_invert(cvips_image *in, cvips_image **out);
/// One band of one value, as large as `like`.
int cvips_constant(cvips_image *like, cvips_image **out, double value);
/// A band taken out of a picture still claims that picture's colours; here it is grey.
int cvips_as_grey(cvips_image *in, cvips_image **out);
