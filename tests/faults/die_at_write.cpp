// SPDX-License-Identifier: Apache-2.0
// Loaded into a program by LD_PRELOAD: SIGKILL before the write to a disk whose number stands in
// KARTSAZ_TEST_DIE_AT, counted from 1. What counts: write() to a file, fsync(), fdatasync(), ftruncate(),
// rename(), mkdir() and unlink(), which is all that the station changes files with.
#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

void one_more() {
    static const char* const text = std::getenv("KARTSAZ_TEST_DIE_AT");
    static const long last = text == nullptr ? 0 : std::strtol(text, nullptr, 10);
    static std::atomic<long> count{0};
    if (++count == last) ::kill(::getpid(), SIGKILL);
}

bool of_a_file(int descriptor) {
    struct stat facts {};
    return ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
}

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* data, size_t size) {
    static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
    if (descriptor > 2 && of_a_file(descriptor)) one_more();
    return real(descriptor, data, size);
}

int fsync(int descriptor) {
    static auto* const real = next<int(int)>("fsync");
    one_more();
    return real(descriptor);
}

int fdatasync(int descriptor) {
    static auto* const real = next<int(int)>("fdatasync");
    one_more();
    return real(descriptor);
}

int ftruncate(int descriptor, off_t size) noexcept {
    static auto* const real = next<int(int, off_t)>("ftruncate");
    one_more();
    return real(descriptor, size);
}

int rename(const char* from, const char* to) noexcept {
    static auto* const real = next<int(const char*, const char*)>("rename");
    one_more();
    return real(from, to);
}

int mkdir(const char* path, mode_t mode) noexcept {
    static auto* const real = next<int(const char*, mode_t)>("mkdir");
    one_more();
    return real(path, mode);
}

int unlink(const char* path) noexcept {
    static auto* const real = next<int(const char*)>("unlink");
    one_more();
    return real(path);
}

}  // extern "C"
