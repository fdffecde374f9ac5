// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apdu/error.h"

namespace kartsaz::tools {

/// The exit codes of the program; docs/exit-codes.md tells causes and what the operator does.
enum Exit : int {
    exit_ok = 0,
    exit_bad_card = 1,
    exit_usage = 2,
    exit_input = 3,
    exit_reader = 4,
    exit_refused = 5,
    exit_keys = 6,
    exit_store = 7,
    exit_interrupted = 8,
    exit_bug = 70,
};

/// No `default`, so that the compiler finds a code without an exit code.
constexpr int exit_code(Errc code) {
    switch (code) {
        case Errc::usage:
            return exit_usage;
        case Errc::input_invalid:
            return exit_input;
        case Errc::reader_failed:
        case Errc::card_removed:
            return exit_reader;
        case Errc::card_refused:
            return exit_refused;
        case Errc::keys_failed:
        case Errc::secure_channel:
        case Errc::pin_blocked:
            return exit_keys;
        case Errc::store_failed:
            return exit_store;
        case Errc::interrupted:
            return exit_interrupted;
        case Errc::internal:
            return exit_bug;
    }
    return exit_bug;
}

}  // namespace kartsaz::tools
