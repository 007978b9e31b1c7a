#include "pages.h"

// The compiler reads the files where `#embed` stands and knows when they change, so nothing has to be generated.
// It is C23, which Swift's compiler knows in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char admin_html[] = {
#embed "files/admin.html"
};
static const unsigned char admin_js[] = {
#embed "files/admin.js"
};
static const unsigned char api_js[] = {
#embed "files/api.js"
};
static const unsigned char app_css[] = {
#embed "files/app.css"
};
static const unsigned char credits_html[] = {
#embed "files/credits.html"
};
static const unsigned char credits_js[] = {
#embed "files/credits.js"
};
static const unsigned char device_html[] = {
#embed "files/device.html"
};
static const unsigned char device_js[] = {
#embed "files/device.js"
};
static const unsigned char forbidden_html[] = {
#embed "files/forbidden.html"
};
static const unsigned char forbidden_js[] = {
#embed "files/forbidden.js"
};
static const unsigned char frame_js[] = {
#embed "files/frame.js"
};
static const unsigned char gallery_html[] = {
#embed "files/gallery.html"
};
static const unsigned char gallery_js[] = {
#embed "files/gallery.js"
};
static const unsigned char history_html[] = {
#embed "files/history.html"
};
static const unsigned char history_js[] = {
#embed "files/history.js"
};
static const unsigned char icon_svg[] = {
#embed "files/icon.svg"
};
static const unsigned char jobs_js[] = {
#embed "files/jobs.js"
};
static const unsigned char layout_html[] = {
#embed "files/layout.html"
};
static const unsigned char lists_js[] = {
#embed "files/lists.js"
};
static const unsigned char mask_js[] = {
#embed "files/mask.js"
};
static const unsigned char plot_js[] = {
#embed "files/plot.js"
};
static const unsigned char references_js[] = {
#embed "files/references.js"
};
static const unsigned char route_js[] = {
#embed "files/route.js"
};
static const unsigned char signin_html[] = {
#embed "files/signin.html"
};
static const unsigned char signin_js[] = {
#embed "files/signin.js"
};
static const unsigned char studio_html[] = {
#embed "files/studio.html"
};
static const unsigned char studio_js[] = {
#embed "files/studio.js"
};
static const unsigned char ui_js[] = {
#embed "files/ui.js"
};
static const unsigned char viewer_js[] = {
#embed "files/viewer.js"
};

#define FILE_AS(name, bytes) {name, bytes, sizeof(bytes)}

static const struct page_file files[] = {
    FILE_AS("admin.html", admin_html),
    FILE_AS("admin.js", admin_js),
    FILE_AS("api.js", api_js),
    FILE_AS("app.css", app_css),
    FILE_AS("credits.html", credits_html),
    FILE_AS("credits.js", credits_js),
    FILE_AS("device.html", device_html),
    FILE_AS("device.js", device_js),
    FILE_AS("forbidden.html", forbidden_html),
    FILE_AS("forbidden.js", forbidden_js),
    FILE_AS("frame.js", frame_js),
    FILE_AS("gallery.html", gallery_html),
    FILE_AS("gallery.js", gallery_js),
    FILE_AS("history.html", history_html),
    FILE_AS("history.js", history_js),
    FILE_AS("icon.svg", icon_svg),
    FILE_AS("jobs.js", jobs_js),
    FILE_AS("layout.html", layout_html),
    FILE_AS("lists.js", lists_js),
    FILE_AS("mask.js", mask_js),
    FILE_AS("plot.js", plot_js),
    FILE_AS("references.js", references_js),
    FILE_AS("route.js", route_js),
    FILE_AS("signin.html", signin_html),
    FILE_AS("signin.js", signin_js),
    FILE_AS("studio.html", studio_html),
    FILE_AS("studio.js", studio_js),
    FILE_AS("ui.js", ui_js),
    FILE_AS("viewer.js", viewer_js),
};

size_t page_file_count(void) { return sizeof(files) / sizeof(files[0]); }

struct page_file page_file_at(size_t index) { return files[index]; }
