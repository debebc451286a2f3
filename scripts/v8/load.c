// Loads the shared V8 library and points the stubs of stubs.s at it. Part of the librusty_v8.a that
// scripts/setup-v8.sh makes, so that a program which never uses V8 neither loads nor needs it.

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// One address for each of the names, which follow one another and end with an empty one.
extern void *tonnage_v8_addresses[];
extern const char tonnage_v8_names[];

// To be called once, before anything else of V8. Returns null, or what is wrong in words that stay
// valid.
const char *tonnage_v8_load(const char *library, const char *icu_data) {
  static char problem[512];
  void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (handle == NULL) {
    const char *reason = dlerror();
    snprintf(problem, sizeof problem, "%s", reason ? reason : "unknown reason");
    return problem;
  }
  void **address = tonnage_v8_addresses;
  for (const char *name = tonnage_v8_names; *name != '\0'; name += strlen(name) + 1) {
    void *found = dlsym(handle, name);
    if (found == NULL) {
      snprintf(problem, sizeof problem, "it has no %s", name);
      return problem;
    }
    *address++ = found;
  }
  // bool v8::V8::InitializeICU(const char *)
  bool (*initialize_icu)(const char *) =
      (bool (*)(const char *))dlsym(handle, "_ZN2v82V813InitializeICUEPKc");
  if (initialize_icu == NULL || !initialize_icu(icu_data)) {
    snprintf(problem, sizeof problem, "it did not take the language data %s", icu_data);
    return problem;
  }
  return NULL;
}
