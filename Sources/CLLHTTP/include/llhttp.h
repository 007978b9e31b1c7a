// Debian puts the header where no compiler looks; forwarded so that no -I flag is needed.
#include "/usr/share/include/llhttp/llhttp.h"
