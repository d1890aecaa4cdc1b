//! Which network interfaces does a machine get (aws 5.3)?
//!
//! They are always spelled out, because only so the security groups and the public address go with them.

use aws_sdk_ec2::types::{
    ConnectionTrackingSpecificationRequest,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest as Interface,
};
use joiner_api::crd::ec2nodeclass::InterfaceType;

use crate::ec2::class::LaunchClass;

/// As the class lists them; else one per EFA card if EFA is asked for; else one.
pub(super) fn interfaces(class: &LaunchClass<'_>, efa: u32, ipv6: bool) -> Vec<Interface> {
    let written = &class.spec.network_interfaces;
    if !written.is_empty() {
        return written
            .iter()
            .map(|interface| {
                let efa_only = interface.interface_type == InterfaceType::EfaOnly;
                let kind = if efa_only { "efa-only" } else { "interface" };
                let place = (interface.network_card_index, interface.device_index);
                // What carries no addresses has nothing to say about them.
                let bare = at(class, place, Some(kind));
                if efa_only { bare } else { with_addresses(bare, class, ipv6) }
            })
            .collect();
    }
    match i32::try_from(efa) {
        Ok(cards @ 1..) => (0..cards)
            .map(|card| with_addresses(at(class, (card, i32::from(card > 0)), Some("efa")), class, ipv6))
            .collect(),
        _ => vec![with_addresses(at(class, (0, 0), None), class, ipv6)],
    }
}

/// An interface on a card, at a device index of it.
fn at(class: &LaunchClass<'_>, (card, device): (i32, i32), kind: Option<&str>) -> Interface {
    let groups = class.known.resolved.security_groups.iter().map(|group| group.id.to_string()).collect();
    Interface::builder()
        .device_index(device)
        // One interface alone is on the only card there is.
        .set_network_card_index(kind.map(|_| card))
        .set_interface_type(kind.map(str::to_owned))
        .set_groups(Some(groups))
        .build()
}

fn with_addresses(mut interface: Interface, class: &LaunchClass<'_>, ipv6: bool) -> Interface {
    let spec = &class.spec;
    interface.associate_public_ip_address = spec.associate_public_ip_address;
    if ipv6 {
        interface.primary_ipv6 = Some(true);
        interface.ipv6_address_count = Some(1);
        interface.ipv6_prefix_count = spec.ip_prefix_count;
    } else {
        interface.ipv4_prefix_count = spec.ip_prefix_count;
    }
    interface.connection_tracking_specification = spec.connection_tracking.as_ref().map(|tracking| {
        ConnectionTrackingSpecificationRequest::builder()
            .set_tcp_established_timeout(tracking.tcp_established_timeout)
            .set_udp_stream_timeout(tracking.udp_stream_timeout)
            .set_udp_timeout(tracking.udp_timeout)
            .build()
    });
    interface
}
