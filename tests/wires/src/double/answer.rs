//! Answers in the forms of the services: XML for those that take forms, JSON for the others.

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::call::WireCall;

/// An answer on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// Its type.
    pub(super) content_type: String,
    /// Its body.
    pub(super) body: Bytes,
}

impl Answer {
    /// XML of an operation of EC2, `<Operation>Response` around it.
    pub(super) fn ec2(operation: &str, inner: &str) -> Self {
        let text = format!(
            "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
             <requestId>00000000-0000-0000-0000-000000000000</requestId>{inner}</{operation}Response>"
        );
        Answer { status: 200, content_type: "text/xml;charset=UTF-8".to_owned(), body: text.into() }
    }

    /// JSON.
    pub(super) fn json(value: &Value) -> Self {
        let content_type = "application/x-amz-json-1.1".to_owned();
        Answer { status: 200, content_type, body: value.to_string().into() }
    }

    /// An error, in the form of the service that was called.
    pub(super) fn error(call: &WireCall, status: u16, code: &str, message: &str) -> Self {
        let (code_xml, message_xml) = (escape(code), escape(message));
        let xml = |text: String| Answer { status, content_type: "text/xml".to_owned(), body: text.into() };
        match call.service.as_str() {
            "ec2" => xml(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>{code_xml}</Code>\
                 <Message>{message_xml}</Message></Error></Errors><RequestID>0</RequestID></Response>"
            )),
            "iam" | "sts" => xml(format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code_xml}</Code>\
                 <Message>{message_xml}</Message></Error><RequestId>0</RequestId></ErrorResponse>"
            )),
            _ => {
                let body = json!({ "__type": code, "code": code, "message": message });
                Answer { status, ..Answer::json(&body) }
            }
        }
    }
}

/// Text within XML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The texts of every element of a name, in order; for answers of moto, which never nest one in itself.
pub(super) fn texts<'x>(xml: &'x str, element: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split(open.as_str()).skip(1).filter_map(|rest| Some(rest.split_once(close.as_str())?.0)).collect()
}
