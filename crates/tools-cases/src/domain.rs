//! The words of the data: categories, severities and services, and how people write them.

/// What a model was told to choose from as the cause of a case.
pub(crate) const RCA: [&str; 16] = [
    "Customer Question",
    "Limit reached",
    "Development Issue",
    "Customer Release",
    "Lack Monitoring",
    "Customer Dependency",
    "Throttling",
    "Feature Request",
    "Exceeding Capability",
    "Security Issue",
    "Transient Issues",
    "ICE Error",
    "Service Event",
    "AWS Release",
    "AWS Single Component Failure",
    "Upgrade Management",
];

/// What it was told to choose from as the practice that would have helped.
pub(crate) const LIFECYCLE: [&str; 20] = [
    "Anomaly Detection",
    "Alarming",
    "AB Testing",
    "Architecture",
    "Backup/DR",
    "CICD",
    "Code Review",
    "Dependency Mapping",
    "Event Management",
    "Load Testing",
    "Logging",
    "Monitoring",
    "Performance Benchmarking",
    "Resilience",
    "Run Books",
    "Training",
    "Fault Injection and GameDay",
    "Ops Reviews",
    "Tracing",
    "Risk Evaluation",
];

/// The gravest first.
pub(crate) const SEVERITIES: [&str; 5] = ["critical", "urgent", "high", "normal", "low"];

/// What a case without a category is counted as.
pub(crate) const UNCATEGORIZED: &str = "Uncategorized";

/// Two words for one cause.
const SAME: [(&str, &str); 1] = [("quota reached", "Limit reached")];

/// What people call services, and the codes that the data has.
pub(crate) const ALIASES: [(&str, &[&str]); 11] = [
    ("ec2", &["amazon-elastic-compute-cloud-linux", "amazon-elastic-compute-cloud-windows"]),
    ("ecs", &["ec2-container-service"]),
    ("eks", &["amazon-elastic-kubernetes-service"]),
    ("s3", &["amazon-simple-storage-service"]),
    ("lambda", &["aws-lambda"]),
    ("dynamodb", &["amazon-dynamodb"]),
    ("rds", &["amazon-relational-database-service"]),
    ("iam", &["aws-identity-and-access-management"]),
    ("vpc", &["amazon-virtual-private-cloud"]),
    ("cfn", &["aws-cloudformation"]),
    ("cloudwatch", &["amazon-cloudwatch"]),
];

/// Text as it is compared: in small letters, without space around.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The codes that a service is known by in the data: those of an alias, or the text itself.
pub(crate) fn service_codes(text: &str) -> Vec<String> {
    let text = folded(text);
    let alias = ALIASES.iter().find(|(alias, _)| *alias == text);
    match alias {
        Some((_, codes)) => codes.iter().map(|&code| code.to_owned()).collect(),
        None => vec![text],
    }
}

/// The ways in which a category is written in the data, folded.
pub(crate) fn spellings(category: &str) -> Vec<String> {
    let given = folded(category);
    if given == folded(UNCATEGORIZED) {
        return vec![String::new()];
    }
    let merged = SAME.iter().find(|(other, _)| *other == given);
    let name = merged.map_or(given, |(_, name)| folded(name));
    let others = SAME.iter().filter(|(_, known)| folded(known) == name);
    let others: Vec<_> = others.map(|(other, _)| (*other).to_owned()).collect();
    std::iter::once(name).chain(others).collect()
}

/// SQL for `column` with each category under one name.
pub(crate) fn merged(column: &str, known: &[&str]) -> String {
    let names = known.iter().map(|&name| (folded(name), name));
    let others = SAME.iter().filter(|(_, name)| known.contains(name));
    let others = others.map(|&(other, name)| (other.to_owned(), name));
    let whens: String = std::iter::once((String::new(), UNCATEGORIZED))
        .chain(names)
        .chain(others)
        .map(|(written, name)| format!(" WHEN '{written}' THEN '{name}'"))
        .collect();
    format!("CASE lower(trim(coalesce({column}, ''))){whens} ELSE trim({column}) END")
}

/// Up to three of `options` that are written most like `text`; none that is nothing like it.
pub(crate) fn nearest<'a>(text: &str, options: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let text = folded(text);
    let mut close: Vec<(usize, &str)> = options
        .into_iter()
        .filter(|option| !option.is_empty())
        .filter_map(|option| {
            let other = folded(option);
            let contained =
                text.len() > 1 && (other.contains(&text) || text.contains(other.as_str()));
            let far = if contained { 1 } else { distance(&text, &other) };
            (contained || far * 2 <= other.chars().count()).then_some((far, option))
        })
        .collect();
    close.sort();
    close.dedup();
    close.into_iter().map(|(_, option)| option).take(3).collect()
}

/// Single characters to insert, delete or replace to make one text of the other; of long texts,
/// their beginnings.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().take(64).enumerate() {
        let mut diagonal = row.first().copied().unwrap_or_default();
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_service_is_known_by_its_alias_and_by_its_code() {
        for (text, codes) in [
            ("EC2", &ALIASES[0].1.to_vec()[..]),
            (" s3 ", &["amazon-simple-storage-service"]),
            ("AWS-Lambda", &["aws-lambda"]),
            ("nothing known", &["nothing known"]),
        ] {
            assert_eq!(service_codes(text), codes, "{text}");
        }
    }

    #[test]
    fn two_words_for_one_cause_are_one_category() {
        let both = ["limit reached", "quota reached"];
        for text in ["Limit reached", "QUOTA reached", " limit Reached"] {
            assert_eq!(spellings(text), both, "{text}");
        }
        assert_eq!(spellings("Throttling"), ["throttling"]);
        assert_eq!(spellings("uncategorized"), [""]);
        let sql = merged("rca_category", &RCA);
        assert!(sql.contains(" WHEN 'quota reached' THEN 'Limit reached'"), "{sql}");
        assert!(!merged("lifecycle_category", &LIFECYCLE).contains("quota"));
    }

    #[test]
    fn what_is_nearest_is_offered_and_nothing_else() {
        for (text, near) in [
            ("limit", &["Limit reached"][..]),
            ("Throtling", &["Throttling"]),
            ("security", &["Security Issue"]),
            ("zzzzzzzz", &[]),
        ] {
            assert_eq!(nearest(text, RCA), near, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_at_no_distance_but_itself(one in "[a-z]{0,9}", other in "[a-z]{0,9}") {
            prop_assert_eq!(distance(&one, &one), 0);
            prop_assert_eq!(distance(&one, &other), distance(&other, &one));
            prop_assert_eq!(distance(&one, &other) == 0, one == other);
        }
    }
}
