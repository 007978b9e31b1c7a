#include "CVips.h"
#include <dlfcn.h>
#include <string.h>
#include <vips/vips.h>

// libvips draws in some seventy libraries, which cost half of an idle daemon's memory and of its start. So it is not linked
// but loaded by the first picture whose pixels are wanted; its headers give the types of what is looked up.

#define FUNCTIONS(each) \
    each(init) each(thread_shutdown) each(error_buffer_copy) each(concurrency_set) \
    each(cache_set_max) each(cache_set_max_mem) each(cache_set_max_files) \
    each(block_untrusted_set) each(operation_block_set) \
    each(pngload_buffer) each(jpegload_buffer) each(webpload_buffer) each(pngload) each(jpegload) each(webpload) \
    each(pngsave_buffer) each(jpegsave_buffer) each(webpsave_buffer) \
    each(image_get_width) each(image_get_height) each(image_get_bands) each(image_get_format) each(image_hasalpha) \
    each(image_get_typeof) each(image_set_kill) each(image_set_progress) each(image_write_to_memory) \
    each(format_sizeof_unsafe) each(avg) each(min) each(autorot) each(icc_transform) each(colourspace) \
    each(thumbnail_image) each(array_double_new) each(area_unref) each(flatten) each(extract_band) \
    each(relational_const1) each(invert) each(black) each(linear1) each(copy)

static struct {
#define POINTER(name) __typeof__(&vips_##name) name;
    FUNCTIONS(POINTER)
} vips;

// Why the library could not be loaded.
static char load_error[512];

static VipsImage *whole(cvips_image *image) { return (VipsImage *) image; }
static const VipsImage *seen(const cvips_image *image) { return (const VipsImage *) image; }

static int fail_to_load(void) {
    const char *reason = dlerror();
    strncpy(load_error, reason ? reason : "it cannot be loaded", sizeof load_error - 1);
    return -1;
}

// By the name of its binary interface, which is what the headers describe.
static int load(void) {
    void *library = dlopen("libvips.so.42", RTLD_NOW | RTLD_LOCAL);
    if (!library) return fail_to_load();
    void *found;
#define LOOK_UP(name) \
    if (!(found = dlsym(library, "vips_" #name))) return fail_to_load(); \
    memcpy(&vips.name, &found, sizeof found);
    FUNCTIONS(LOOK_UP)
    return 0;
}

// GLib's log handlers are variadic callbacks in disguise; warnings of libvips (odd colour profiles) must not reach stderr.
static void ignore_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data) {
    (void) domain; (void) level; (void) text; (void) data;
}

int cvips_start(void) {
    if (load() || vips.init("orchestratord")) return -1;
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, ignore_log, NULL);
    vips.concurrency_set(1);
    vips.cache_set_max(0);
    vips.cache_set_max_mem(0);
    vips.cache_set_max_files(0);
    vips.block_untrusted_set(TRUE);
    vips.operation_block_set("VipsForeignLoad", TRUE);
    vips.operation_block_set("VipsForeignLoadPng", FALSE);
    vips.operation_block_set("VipsForeignLoadJpeg", FALSE);
    vips.operation_block_set("VipsForeignLoadWebp", FALSE);
    return 0;
}

char *cvips_error_copy(void) {
    if (load_error[0]) return g_strdup(load_error);
    return vips.error_buffer_copy ? vips.error_buffer_copy() : NULL;
}

void cvips_leave_thread(void) { vips.thread_shutdown(); }

int cvips_load_buffer(
    cvips_format format, const void *data, size_t length, int sequential, int strict, cvips_image **out) {
    VipsAccess access = sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM;
    VipsFailOn fail_on = strict ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR;
    void *bytes = (void *) data;
    VipsImage **image = (VipsImage **) out;
    // The loader is named, never guessed.
    switch (format) {
    case CVIPS_PNG: return vips.pngload_buffer(bytes, length, image, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_JPEG: return vips.jpegload_buffer(bytes, length, image, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_WEBP: return vips.webpload_buffer(bytes, length, image, "access", access, "fail_on", fail_on, NULL);
    }
    return -1;
}

int cvips_load_file(cvips_format format, const char *path, int sequential, int strict, cvips_image **out) {
    VipsAccess access = sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM;
    VipsFailOn fail_on = strict ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR;
    VipsImage **image = (VipsImage **) out;
    switch (format) {
    case CVIPS_PNG: return vips.pngload(path, image, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_JPEG: return vips.jpegload(path, image, "access", access, "fail_on", fail_on, NULL);
    case CVIPS_WEBP: return vips.webpload(path, image, "access", access, "fail_on", fail_on, NULL);
    }
    return -1;
}

void cvips_release(cvips_image *image) { g_object_unref(image); }

void cvips_free(void *data) { g_free(data); }

int cvips_width(const cvips_image *image) { return vips.image_get_width(seen(image)); }

int cvips_height(const cvips_image *image) { return vips.image_get_height(seen(image)); }

int cvips_bands(const cvips_image *image) { return vips.image_get_bands(seen(image)); }

int cvips_is_deep(const cvips_image *image) { return vips.image_get_format(seen(image)) == VIPS_FORMAT_USHORT; }

int cvips_has_alpha(cvips_image *image) { return vips.image_hasalpha(whole(image)); }

int cvips_has_profile(const cvips_image *image) {
    return vips.image_get_typeof(seen(image), VIPS_META_ICC_NAME) != 0;
}

uint64_t cvips_decoded_bytes(const cvips_image *image) {
    uint64_t samples = (uint64_t) cvips_width(image) * (uint64_t) cvips_height(image) * (uint64_t) cvips_bands(image);
    return samples * vips.format_sizeof_unsafe(vips.image_get_format(seen(image)));
}

// A signal's handler: libvips asks between strips of pixels. The deadline lies behind the word "deadline" in the image.
static void stop_when_late(VipsImage *image, VipsProgress *progress, gpointer data) {
    (void) progress;
    if (g_get_monotonic_time() >= *(gint64 *) data) vips.image_set_kill(image, TRUE);
}

void cvips_limit_time(cvips_image *image, int64_t microseconds) {
    gint64 *deadline = g_new(gint64, 1);
    *deadline = g_get_monotonic_time() + microseconds;
    g_object_set_data_full(G_OBJECT(image), "deadline", deadline, g_free);
    vips.image_set_progress(whole(image), TRUE);
    g_signal_connect(image, "eval", G_CALLBACK(stop_when_late), deadline);
}

int cvips_average(cvips_image *in, double *out) { return vips.avg(whole(in), out, NULL); }

int cvips_minimum(cvips_image *in, double *out) { return vips.min(whole(in), out, NULL); }

void *cvips_pixels(cvips_image *in, size_t *length) { return vips.image_write_to_memory(whole(in), length); }

int cvips_save(cvips_image *in, cvips_format format, int quality, void **data, size_t *length) {
    VipsImage *image = whole(in);
    switch (format) {
    case CVIPS_PNG: return vips.pngsave_buffer(image, data, length, "strip", TRUE, NULL);
    case CVIPS_JPEG:
        return vips.jpegsave_buffer(image, data, length, "strip", TRUE, "Q", quality, "optimize_coding", TRUE, NULL);
    case CVIPS_WEBP: return vips.webpsave_buffer(image, data, length, "strip", TRUE, "Q", quality, NULL);
    }
    return -1;
}

int cvips_autorotate(cvips_image *in, cvips_image **out) {
    return vips.autorot(whole(in), (VipsImage **) out, NULL);
}

int cvips_profile_to_srgb(cvips_image *in, cvips_image **out) {
    return vips.icc_transform(whole(in), (VipsImage **) out, "srgb", "embedded", TRUE, "depth", 8, NULL);
}

int cvips_to_srgb(cvips_image *in, cvips_image **out) {
    return vips.colourspace(whole(in), (VipsImage **) out, VIPS_INTERPRETATION_sRGB, NULL);
}

int cvips_stretch(cvips_image *in, cvips_image **out, int width, int height) {
    VipsImage **image = (VipsImage **) out;
    return vips.thumbnail_image(whole(in), image, width, "height", height, "size", VIPS_SIZE_FORCE, NULL);
}

int cvips_shrink(cvips_image *in, cvips_image **out, int width, int height) {
    VipsImage **image = (VipsImage **) out;
    return vips.thumbnail_image(whole(in), image, width, "height", height, "size", VIPS_SIZE_DOWN, NULL);
}

int cvips_flatten(cvips_image *in, cvips_image **out, double red, double green, double blue) {
    double colour[3] = { red, green, blue };
    VipsArrayDouble *background = vips.array_double_new(colour, 3);
    int code = vips.flatten(whole(in), (VipsImage **) out, "background", background, NULL);
    vips.area_unref(VIPS_AREA(background));
    return code;
}

int cvips_band(cvips_image *in, cvips_image **out, int band) {
    return vips.extract_band(whole(in), (VipsImage **) out, band, NULL);
}

int cvips_threshold(cvips_image *in, cvips_image **out, double least) {
    VipsImage **image = (VipsImage **) out;
    return vips.relational_const1(whole(in), image, VIPS_OPERATION_RELATIONAL_MOREEQ, least, NULL);
}

int cvips_invert(cvips_image *in, cvips_image **out) { return vips.invert(whole(in), (VipsImage **) out, NULL); }

int cvips_as_grey(cvips_image *in, cvips_image **out) {
    return vips.copy(whole(in), (VipsImage **) out, "interpretation", VIPS_INTERPRETATION_B_W, NULL);
}

int cvips_constant(cvips_image *like, cvips_image **out, double value) {
    VipsImage *black = NULL, *grey = NULL;
    if (vips.black(&black, cvips_width(like), cvips_height(like), NULL)) return -1;
    int code = vips.linear1(black, &grey, 1.0, value, "uchar", TRUE, NULL);
    g_object_unref(black);
    if (code) return -1;
    code = cvips_as_grey((cvips_image *) grey, out);
    g_object_unref(grey);
    return code;
}
