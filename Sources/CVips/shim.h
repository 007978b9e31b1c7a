#pragma once
#include <vips/vips.h>

// Typed wrappers round what Swift cannot import: libvips takes its options as variadic name-value pairs.

typedef enum { CVIPS_PNG, CVIPS_JPEG, CVIPS_WEBP } cvips_format;

// GLib's log handlers are variadic callbacks in disguise; warnings of libvips (odd colour profiles) must not reach stderr.
static inline void cvips_ignore_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data) {
    (void) domain; (void) level; (void) text; (void) data;
}

// One thread per operation, no cache, no loaders but three: everything that must hold before the first picture.
static inline int cvips_start(void) {
    if (vips_init("orchestratord")) return -1;
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, cvips_ignore_log, NULL);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignLoadPng", FALSE);
    vips_operation_block_set("VipsForeignLoadJpeg", FALSE);
    vips_operation_block_set("VipsForeignLoadWebp", FALSE);
    return 0;
}

// Variadic; the loader is named, never guessed. `data` must outlive the image.
static inline int cvips_load_buffer(
    cvips_format format, const void *data, size_t length, int sequential, VipsFailOn fail_on, VipsImage **out) {
    VipsAccess access = sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM;
    void *bytes = (void *) data;
    switch (format) {
    case CVIPS_PNG: return vips_pngload_buffer(bytes, length, out, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_JPEG: return vips_jpegload_buffer(bytes, length, out, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_WEBP: return vips_webpload_buffer(bytes, length, out, "access", access, "fail_on", fail_on, NULL);
    }
    return -1;
}

// Variadic; the loader is named, never guessed.
static inline int cvips_load_file(
    cvips_format format, const char *path, int sequential, VipsFailOn fail_on, VipsImage **out) {
    VipsAccess access = sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM;
    switch (format) {
    case CVIPS_PNG: return vips_pngload(path, out, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_JPEG: return vips_jpegload(path, out, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_WEBP: return vips_webpload(path, out, "access", access, "fail_on", fail_on, NULL);
    }
    return -1;
}

// A signal's handler: libvips asks between strips of pixels. The deadline lies behind the word "deadline" in the image.
static inline void cvips_stop_when_late(VipsImage *image, VipsProgress *progress, gpointer data) {
    (void) progress;
    if (g_get_monotonic_time() >= *(gint64 *) data) vips_image_set_kill(image, TRUE);
}

// Connecting a signal is a macro. Whatever is made of the image stops so many microseconds from now.
static inline void cvips_limit_time(VipsImage *image, gint64 microseconds) {
    gint64 *deadline = g_new(gint64, 1);
    *deadline = g_get_monotonic_time() + microseconds;
    g_object_set_data_full(G_OBJECT(image), "deadline", deadline, g_free);
    vips_image_set_progress(image, TRUE);
    g_signal_connect(image, "eval", G_CALLBACK(cvips_stop_when_late), deadline);
}

// A macro: what all pixels take, decoded.
static inline guint64 cvips_decoded_bytes(VipsImage *image) { return VIPS_IMAGE_SIZEOF_IMAGE(image); }

// Variadic; reads every pixel.
static inline int cvips_average(VipsImage *in, double *out) { return vips_avg(in, out, NULL); }

// Variadic.
static inline int cvips_minimum(VipsImage *in, double *out) { return vips_min(in, out, NULL); }

// Variadic; turns the picture as its Exif orientation says, and drops that.
static inline int cvips_autorotate(VipsImage *in, VipsImage **out) { return vips_autorot(in, out, NULL); }

// Variadic; from the embedded profile to eight bits of sRGB.
static inline int cvips_profile_to_srgb(VipsImage *in, VipsImage **out) {
    return vips_icc_transform(in, out, "srgb", "embedded", TRUE, "depth", 8, NULL);
}

// Variadic; from whatever the file says to eight bits of sRGB, without a profile.
static inline int cvips_to_srgb(VipsImage *in, VipsImage **out) {
    return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
}

// Variadic; `size` says whether the ratio counts and whether pictures may grow.
static inline int cvips_resize(VipsImage *in, VipsImage **out, int width, int height, VipsSize size) {
    return vips_thumbnail_image(in, out, width, "height", height, "size", size, NULL);
}

// Variadic.
static inline int cvips_flatten(VipsImage *in, VipsImage **out, double red, double green, double blue) {
    double colour[3] = { red, green, blue };
    VipsArrayDouble *background = vips_array_double_new(colour, 3);
    int code = vips_flatten(in, out, "background", background, NULL);
    vips_area_unref(VIPS_AREA(background));
    return code;
}

// Variadic.
static inline int cvips_band(VipsImage *in, VipsImage **out, int band) { return vips_extract_band(in, out, band, NULL); }

// Variadic; 255 where a value is at least `least`, else 0.
static inline int cvips_threshold(VipsImage *in, VipsImage **out, double least) {
    return vips_relational_const1(in, out, VIPS_OPERATION_RELATIONAL_MOREEQ, least, NULL);
}

// Variadic.
static inline int cvips_invert(VipsImage *in, VipsImage **out) { return vips_invert(in, out, NULL); }

// Variadic; one band of one value, as large as `like`.
static inline int cvips_constant(VipsImage *like, VipsImage **out, double value) {
    VipsImage *black = NULL, *grey = NULL;
    if (vips_black(&black, like->Xsize, like->Ysize, NULL)) return -1;
    int code = vips_linear1(black, &grey, 1.0, value, "uchar", TRUE, NULL);
    g_object_unref(black);
    if (code) return -1;
    code = vips_copy(grey, out, "interpretation", VIPS_INTERPRETATION_B_W, NULL);
    g_object_unref(grey);
    return code;
}

// Variadic; a band taken out of a picture still claims that picture's colours.
static inline int cvips_as_grey(VipsImage *in, VipsImage **out) {
    return vips_copy(in, out, "interpretation", VIPS_INTERPRETATION_B_W, NULL);
}

// Variadic; without metadata. The bytes are the caller's, to be freed by `cvips_free`.
static inline int cvips_save(VipsImage *in, cvips_format format, int quality, void **data, size_t *length) {
    switch (format) {
    case CVIPS_PNG: return vips_pngsave_buffer(in, data, length, "strip", TRUE, NULL);
    case CVIPS_JPEG:
        return vips_jpegsave_buffer(in, data, length, "strip", TRUE, "Q", quality, "optimize_coding", TRUE, NULL);
    case CVIPS_WEBP: return vips_webpsave_buffer(in, data, length, "strip", TRUE, "Q", quality, NULL);
    }
    return -1;
}

// The function takes an untyped pointer.
static inline void cvips_release(VipsImage *image) { g_object_unref(image); }

// The function takes an untyped pointer; a name of our own keeps GLib out of Swift.
static inline void cvips_free(void *data) { g_free(data); }

// A macro with a cast.
static inline int cvips_has_profile(VipsImage *image) { return vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0; }
