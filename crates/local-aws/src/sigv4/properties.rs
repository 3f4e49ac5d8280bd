//! What holds for every `Authorization` header.

use proptest::prelude::*;

use super::{Authorization, Refusal};

proptest! {
    #[test]
    fn no_header_panics(
        text in ".*|AWS4-HMAC-SHA256 .*|AWS4-HMAC-SHA256 ((Credential|SignedHeaders|Signature)=[a-z/;]{0,9},? ?){0,4}",
    ) {
        let known = matches!(
            Authorization::parse(&text).map(|_| ()),
            Ok(()) | Err(Refusal::Incomplete(_))
        );
        prop_assert!(known);
    }

    #[test]
    fn the_parts_of_a_header_are_found_in_any_order(
        credential in "[A-Z]{1,20}/[0-9]{8}/[a-z-]{1,12}/[a-z]{1,5}/aws4_request",
        headers in proptest::collection::vec("[a-z-]{1,12}", 1..5),
        signature in "[0-9a-f]{64}",
        order in Just([0, 1, 2]).prop_shuffle(),
        separator in ", ?",
    ) {
        let fields = [
            format!("Credential={credential}"),
            format!("SignedHeaders={}", headers.join(";")),
            format!("Signature={signature}"),
        ];
        let fields = order.map(|place| fields[place].as_str()).join(&separator);
        let header = format!("AWS4-HMAC-SHA256 {fields}");
        let Ok(found) = Authorization::parse(&header) else {
            return Err(TestCaseError::fail(header));
        };
        let found_credential = format!("{}/{}", found.access_key_id, found.scope.join("/"));
        prop_assert_eq!(found_credential, credential);
        prop_assert_eq!(found.signed_headers, headers);
        prop_assert_eq!(found.signature, signature);
    }
}
