# cmake -DSOURCE=… -DOUT=FILE.c -P embed_page.cmake: the style sheet of the page, as C (core/report/html_page.h).
include(${CMAKE_CURRENT_LIST_DIR}/bytes.cmake)
file(READ ${SOURCE}/core/report/page.css text)
lh_bytes(bytes "${text}")
file(WRITE ${OUT} "/* Made by .cmake/embed_page.cmake from core/report/page.css. */
#include \"report/html_page.h\"

const char lh_html_css[] = {
${bytes}0};
")
