// SPDX-License-Identifier: Apache-2.0
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "keys/path_faults.h"
#include "keys/x509_extension.h"

namespace kartsaz::keys {
namespace {

constexpr const char* any_policy = "2.5.29.32.0";
using Policies = std::set<std::string>;

long number(const ASN1_INTEGER* value, long otherwise) {
    return value == nullptr ? otherwise : std::max(ASN1_INTEGER_get(value), 0L);
}

/// The valid_policy_tree of RFC 5280, 6.1, of which only its lowest level is kept: with any policy asked for,
/// the tree is empty when that level is.
class PolicyWalk {
public:
    PolicyWalk(std::size_t below_anchor, bool demanded)
        : explicit_{demanded ? 0 : static_cast<long>(below_anchor) + 1},
          mapping_{static_cast<long>(below_anchor) + 1},
          inhibit_any_{mapping_} {}

    /// One element, from the anchor down. False: no policy is left, and one is demanded.
    bool element(const X509* certificate, bool last) {
        const bool self_issued =
            X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
        narrow(certificate, self_issued && !last);
        if (explicit_ == 0 && valid_.empty()) return false;  // 6.1.3 (f)
        if (!last) map(certificate);
        if (!self_issued || last) {
            const auto down = [](long& counter) { counter = std::max(counter - 1, 0L); };
            down(explicit_);
            down(mapping_);
            down(inhibit_any_);
        }
        constrain(certificate);
        return !last || explicit_ != 0 || !valid_.empty();  // 6.1.5 (g)
    }

private:
    /// 6.1.3 (d), (e)
    void narrow(const X509* certificate, bool self_issued) {
        const auto stated = extension<CERTIFICATEPOLICIES>(certificate, NID_certificate_policies);
        Policies own, next;
        for (int i = 0; i < sk_POLICYINFO_num(stated.get()); ++i) {
            own.insert(dotted(sk_POLICYINFO_value(stated.get(), i)->policyid));
        }
        const bool all_stay = own.erase(any_policy) != 0 && (inhibit_any_ > 0 || self_issued);
        for (const auto& policy : own) {
            if (valid_.contains(policy) || valid_.contains(any_policy)) next.insert(policy);
        }
        if (all_stay) next.insert(valid_.begin(), valid_.end());
        valid_ = std::move(next);
    }
    /// 6.1.4 (a), (b)
    void map(const X509* certificate) {
        const std::unique_ptr<POLICY_MAPPINGS, void (*)(POLICY_MAPPINGS*)> mappings{
            static_cast<POLICY_MAPPINGS*>(
                X509_get_ext_d2i(certificate, NID_policy_mappings, nullptr, nullptr)),
            [](POLICY_MAPPINGS* list) { sk_POLICY_MAPPING_pop_free(list, POLICY_MAPPING_free); }};
        std::map<std::string, Policies> to;
        for (int i = 0; i < sk_POLICY_MAPPING_num(mappings.get()); ++i) {
            const auto* one = sk_POLICY_MAPPING_value(mappings.get(), i);
            to[dotted(one->issuerDomainPolicy)].insert(dotted(one->subjectDomainPolicy));
        }
        const bool any = valid_.contains(any_policy);
        Policies added;
        for (const auto& [from, subjects] : to) {
            const bool stood = valid_.erase(from) != 0;
            if (mapping_ > 0 && (stood || any)) added.insert(subjects.begin(), subjects.end());
        }
        valid_.insert(added.begin(), added.end());
    }
    /// 6.1.4 (i), (j) and 6.1.5 (b)
    void constrain(const X509* certificate) {
        const std::unique_ptr<POLICY_CONSTRAINTS, void (*)(POLICY_CONSTRAINTS*)> constraints{
            static_cast<POLICY_CONSTRAINTS*>(
                X509_get_ext_d2i(certificate, NID_policy_constraints, nullptr, nullptr)),
            POLICY_CONSTRAINTS_free};
        if (constraints != nullptr) {
            explicit_ = std::min(explicit_, number(constraints->requireExplicitPolicy, explicit_));
            mapping_ = std::min(mapping_, number(constraints->inhibitPolicyMapping, mapping_));
        }
        const std::unique_ptr<ASN1_INTEGER, void (*)(ASN1_INTEGER*)> inhibit{
            static_cast<ASN1_INTEGER*>(
                X509_get_ext_d2i(certificate, NID_inhibit_any_policy, nullptr, nullptr)),
            ASN1_INTEGER_free};
        inhibit_any_ = std::min(inhibit_any_, number(inhibit.get(), inhibit_any_));
    }

    Policies valid_{any_policy};
    long explicit_, mapping_, inhibit_any_;
};

}  // namespace

std::optional<std::size_t> policy_fault(const std::vector<x509_st*>& chain, bool demanded) {
    if (chain.size() < 2) return std::nullopt;
    PolicyWalk walk{chain.size() - 1, demanded};
    for (std::size_t i = chain.size() - 1; i-- > 0;) {
        if (!walk.element(chain[i], i == 0)) return i;
    }
    return std::nullopt;
}

}  // namespace kartsaz::keys
