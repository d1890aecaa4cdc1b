//! The contract over EC2, the price list and the table as they are spoken.

use super::account::{ClassAccount, class_in};
use super::{TypesGround, every_claim};

#[tokio::test]
async fn ec2_and_the_price_list_keep_the_contract() {
    let account = ClassAccount::open("types").await;
    let class = class_in(&["us-east-1a", "us-east-1b"]);
    macro_rules! run {
        ($claim:ident) => {
            super::$claim(&TypesGround { source: account.catalog(), class: class.clone() }).await;
        };
    }
    every_claim!(run);
}
