//! Of what architecture are images, and are they deprecated? moto keeps neither.

use hyper::body::Bytes;

use super::answer::{Answer, texts};
use super::call::WireCall;
use super::script::Script;

/// Learns the architecture of an image that was registered.
pub(super) fn registered(call: &WireCall, answer: &Answer, script: &Script) {
    let xml = String::from_utf8_lossy(&answer.body);
    let id = texts(&xml, "imageId").first().map(|id| (*id).to_owned());
    if let Some((id, architecture)) = id.zip(call.param("Architecture")) {
        script.lock().architectures.insert(id, architecture.to_owned());
    }
}

/// EnableImageDeprecation: from that moment the image is deprecated.
pub(super) fn deprecate(call: &WireCall, script: &Script) -> Answer {
    if let Some((id, at)) = call.param("ImageId").zip(call.param("DeprecateAt")) {
        script.lock().deprecations.insert(id.to_owned(), at.to_owned());
    }
    Answer::ec2(&call.operation, "<return>true</return>")
}

/// Puts both into what moto says of images.
pub(super) fn described(answer: Answer, script: &Script) -> Answer {
    let mut xml = String::from_utf8_lossy(&answer.body).into_owned();
    let state = script.lock();
    for (element, values) in
        [("architecture", &state.architectures), ("deprecationTime", &state.deprecations)]
    {
        for (id, value) in values {
            let known = format!("<imageId>{id}</imageId>");
            xml = xml.replace(&known, &format!("{known}<{element}>{value}</{element}>"));
        }
    }
    Answer { body: Bytes::from(xml), ..answer }
}
