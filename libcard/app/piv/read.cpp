// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/read.h"

#include <algorithm>

namespace kartsaz::app::piv {

std::string file_name(const Container& container) {
    std::string out = container.name;
    std::replace(out.begin(), out.end(), ' ', '-');
    return out;
}

}  // namespace kartsaz::app::piv
