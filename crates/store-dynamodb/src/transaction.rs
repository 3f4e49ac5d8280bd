//! Transactions: writes that are done together, each on its condition, or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update};
use service_kit::random;

use crate::Error;
use crate::item::{Attributes, text};

/// Tries of one transaction that others are in the way of, the first included.
const TRIES: u32 = 8;
/// The pauses between are random, and no longer than this doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// Writes of one operation of the store, and what they are done to.
pub(crate) struct Transaction {
    operation: &'static str,
    writes: Vec<TransactWriteItem>,
}

/// One item: its table, and the name and the value of its key.
pub(crate) struct Place<'a> {
    pub(crate) table: &'a str,
    pub(crate) key_name: &'static str,
    pub(crate) key: String,
}

/// An attribute that must have a value.
pub(crate) struct Expected {
    pub(crate) attribute: &'static str,
    pub(crate) value: AttributeValue,
}

impl Transaction {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self { operation, writes: Vec::new() }
    }

    fn with(mut self, write: TransactWriteItem) -> Self {
        self.writes.push(write);
        self
    }

    /// Keeps an item, if there is none with its key.
    pub(crate) fn put_new(
        self,
        table: &str,
        key_name: &'static str,
        item: Attributes,
    ) -> Result<Self, Error> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", key_name)
            .build()
            .map_err(|err| Error::unavailable(self.operation, err))?;
        Ok(self.with(TransactWriteItem::builder().put(put).build()))
    }

    /// Gives an attribute another value, if it has the one that is expected and, with `ends_after`,
    /// `expiresAt` is later than that.
    pub(crate) fn change(
        self,
        place: Place<'_>,
        from: Expected,
        to: AttributeValue,
        ends_after: Option<AttributeValue>,
    ) -> Result<Self, Error> {
        let mut update = Update::builder()
            .table_name(place.table)
            .key(place.key_name, text(place.key))
            .update_expression("SET #attribute = :to")
            .expression_attribute_names("#attribute", from.attribute)
            .expression_attribute_values(":from", from.value)
            .expression_attribute_values(":to", to);
        update = match ends_after {
            None => update.condition_expression("#attribute = :from"),
            Some(now) => update
                .condition_expression("#attribute = :from AND expiresAt > :now")
                .expression_attribute_values(":now", now),
        };
        let update = update.build().map_err(|err| Error::unavailable(self.operation, err))?;
        Ok(self.with(TransactWriteItem::builder().update(update).build()))
    }

    /// Changes nothing, but is on the condition that an attribute has the value that is expected.
    pub(crate) fn check(self, place: Place<'_>, expected: Expected) -> Result<Self, Error> {
        let check = ConditionCheck::builder()
            .table_name(place.table)
            .key(place.key_name, text(place.key))
            .condition_expression("#attribute = :expected")
            .expression_attribute_names("#attribute", expected.attribute)
            .expression_attribute_values(":expected", expected.value)
            .build()
            .map_err(|err| Error::unavailable(self.operation, err))?;
        Ok(self.with(TransactWriteItem::builder().condition_check(check).build()))
    }

    /// Does it: `false` when a condition does not hold, and nothing was done.
    ///
    /// All tries have one token, so that one whose answer was lost is not done again.
    pub(crate) async fn commit(self, client: &Client) -> Result<bool, Error> {
        let token = request_token()?;
        let request = client
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(self.writes));
        let mut tries = 1;
        loop {
            let Err(err) = request.clone().send().await else { return Ok(true) };
            match err.as_service_error().map_or(Outcome::Failed, outcome) {
                Outcome::Refused => return Ok(false),
                Outcome::InTheWay if tries < TRIES => {}
                _ => return Err(Error::unavailable(self.operation, err)),
            }
            tokio::time::sleep(pause(tries)?).await;
            tries += 1;
        }
    }
}

enum Outcome {
    /// A condition does not hold.
    Refused,
    /// Another transaction is under way, or there is too much to do.
    InTheWay,
    Failed,
}

fn outcome(err: &TransactWriteItemsError) -> Outcome {
    let cancelled = match err {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled,
        TransactWriteItemsError::TransactionInProgressException(_) => return Outcome::InTheWay,
        _ => return Outcome::Failed,
    };
    let reasons = || cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let passes = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if reasons().any(|code| code == "ConditionalCheckFailed") {
        Outcome::Refused
    } else if reasons().any(|code| passes.contains(&code)) {
        Outcome::InTheWay
    } else {
        Outcome::Failed
    }
}

/// 128 random bits in hexadecimal digits: 36 characters are allowed.
fn request_token() -> Result<String, Error> {
    let mut bits = [0; 16];
    random::fill(&mut bits)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bits)))
}

fn pause(tries: u32) -> Result<Duration, Error> {
    let mut fraction = [0];
    random::fill(&mut fraction)?;
    let longest = FIRST_PAUSE * 2_u32.saturating_pow(tries - 1);
    Ok(longest * u32::from(fraction[0]) / 255)
}
