/* What runs guest.js inside WebAssembly: QuickJS, compiled together with this.
 *
 * The host writes the text of guest.js into `tonnage_buffer` and calls `tonnage_load`, once; then it
 * writes a request there and calls `tonnage_answer`, which leaves the answer in the same place.
 */
#include <stdint.h>
#include <string.h>

#include "quickjs.h"

#define BUFFER_BYTES (64 * 1024)

static char buffer[BUFFER_BYTES];
static JSContext *context;
static JSValue answer;

/* The host notes the moment: it is the first thing an instance does. */
__attribute__((import_module("tonnage"), import_name("ready"))) void tonnage_ready(void);

__attribute__((export_name("tonnage_buffer"))) char *tonnage_buffer(void) {
    tonnage_ready();
    return buffer;
}

/* Makes a JavaScript runtime and evaluates the script in the buffer. Returns whether it is one that
 * defines `answer`. */
__attribute__((export_name("tonnage_load"))) uint32_t tonnage_load(uint32_t length) {
    if (length >= BUFFER_BYTES) return 0;
    JSRuntime *runtime = JS_NewRuntime();
    if (!runtime) return 0;
    context = JS_NewContext(runtime);
    if (!context) return 0;
    buffer[length] = '\0';
    JSValue evaluated = JS_Eval(context, buffer, length, "guest.js", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(evaluated)) return 0;
    JS_FreeValue(context, evaluated);
    JSValue global = JS_GetGlobalObject(context);
    answer = JS_GetPropertyStr(context, global, "answer");
    JS_FreeValue(context, global);
    return JS_IsFunction(context, answer);
}

/* Returns the length of the answer, or 0 if the script threw. */
__attribute__((export_name("tonnage_answer"))) uint32_t tonnage_answer(uint32_t length) {
    if (length > BUFFER_BYTES) return 0;
    JSValue line = JS_NewStringLen(context, buffer, length);
    JSValue result = JS_Call(context, answer, JS_UNDEFINED, 1, &line);
    JS_FreeValue(context, line);
    size_t replied = 0;
    const char *reply = JS_ToCStringLen(context, &replied, result);
    JS_FreeValue(context, result);
    if (!reply || replied > BUFFER_BYTES) return 0;
    memcpy(buffer, reply, replied);
    JS_FreeCString(context, reply);
    return (uint32_t)replied;
}

/* ---------------------------------------------------------------------- what QuickJS is not given
 *
 * It is linked with a C library made for WASI and could write to files, which it does only to dump
 * its own state. These stand in for the calls to the host, so that the module imports no more than
 * a clock. 8 is "bad file descriptor".
 */

int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t file) {
    (void)file;
    return 8;
}

int32_t __imported_wasi_snapshot_preview1_fd_fdstat_get(int32_t file, int32_t status) {
    (void)file, (void)status;
    return 8;
}

int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t file, int64_t by, int32_t from, int32_t at) {
    (void)file, (void)by, (void)from, (void)at;
    return 8;
}

int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t file, int32_t parts, int32_t count, int32_t written) {
    (void)file, (void)parts, (void)count, (void)written;
    return 8;
}
