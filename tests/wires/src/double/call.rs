//! What does a request ask for? Each protocol of AWS says so in another place.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use hyper::http::request::Parts;

/// A request, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireCall {
    /// Service that it is signed for, such as `ec2`.
    pub service: String,
    /// Operation, such as `CreateFleet`; for services with paths, the method and the path.
    pub operation: String,
    /// Parameters of services that take a form; empty for others.
    pub params: BTreeMap<String, String>,
    /// The body as it came.
    pub body: Bytes,
}

impl WireCall {
    /// Reads a request.
    pub(super) fn of(head: &Parts, body: Bytes) -> Self {
        let header =
            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Credential=<key>/<day>/<region>/<service>/aws4_request
        let scope = header("authorization").split("Credential=").nth(1).unwrap_or_default();
        let service = scope.split('/').nth(3).unwrap_or_default().to_owned();
        let form = header("content-type").starts_with("application/x-www-form-urlencoded");
        let params = if form { form_of(&body) } else { BTreeMap::new() };
        let target = header("x-amz-target").rsplit('.').next().filter(|target| !target.is_empty());
        let operation = params
            .get("Action")
            .cloned()
            .or_else(|| target.map(str::to_owned))
            .unwrap_or_else(|| format!("{} {}", head.method, head.uri.path()));
        WireCall { service, operation, params, body }
    }

    /// The action as IAM names it, such as `ec2:CreateFleet`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// A parameter, if it is there and not empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The members of a list, `<name>.1.…`, `<name>.2.…`: for each its parameters without that prefix.
    pub fn list(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        members(&self.params, name)
    }
}

/// The members of a list among parameters.
pub(super) fn members(params: &BTreeMap<String, String>, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut found: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
    let prefix = format!("{name}.");
    for (key, value) in params.iter().filter(|(key, _)| key.starts_with(&prefix)) {
        let rest = &key[prefix.len()..];
        let (number, rest) = rest.split_once('.').unwrap_or((rest, ""));
        if let Ok(number) = number.parse() {
            found.entry(number).or_default().insert(rest.to_owned(), value.clone());
        }
    }
    found.into_values().collect()
}

fn form_of(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// Percent-decoding, as forms have it.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair: Vec<u8> = rest.by_ref().take(2).collect();
                let number = std::str::from_utf8(&pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                number.unwrap_or(b'%')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A form, encoded.
pub(super) fn encode(params: &BTreeMap<String, String>) -> Bytes {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let encode = |text: &str| -> String {
        text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    let pairs: Vec<String> =
        params.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    Bytes::from(pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_come_out_as_they_went_in() {
        let params: BTreeMap<String, String> = [
            ("Action", "CreateFleet"),
            ("Overrides.1.InstanceType", "m5.large"),
            ("Overrides.2.InstanceType", "c5.large"),
            ("Overrides.10.Zone", "a b&c=d%é"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        assert_eq!(form_of(&encode(&params)), params);
        let types: Vec<Option<String>> =
            members(&params, "Overrides").iter().map(|member| member.get("InstanceType").cloned()).collect();
        assert_eq!(types, [Some("m5.large".to_owned()), Some("c5.large".to_owned()), None]);
    }
}
