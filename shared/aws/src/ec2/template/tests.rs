//! Does a template hold what the reference's does, and is it called after it (aws_checklist M)?

use super::*;
use crate::ec2::samples::{al2023, among, class, draft, facts};
use aws_sdk_ec2::types::VolumeType;
use joiner_core::model::{NodeClass, keys};

fn variant() -> Variant {
    Variant { image: "ami-x86".into(), efa: 0, pods: 29, reservation: None }
}

/// The template of a class, after a change of what it is made for.
fn template(
    known: &NodeClass,
    change: impl FnOnce(&mut Variant, &mut ClaimDraft, &mut Blueprint<'_>),
) -> Template {
    let (facts, class) = (facts(), LaunchClass::of(known).unwrap());
    let original = draft(Vec::new());
    let tags = tags::shared(&facts, &class, "general");
    let mut blueprint = Blueprint {
        facts: &facts,
        class: &class,
        draft: &original,
        capacity_type: CapacityType::OnDemand,
        tenancy: HostTenancy::Shared,
        tags: &tags,
    };
    let (mut variant, mut changed) = (variant(), draft(Vec::new()));
    change(&mut variant, &mut changed, &mut blueprint);
    Blueprint { draft: &changed, ..blueprint }.template(&variant).unwrap()
}

fn plain(known: &NodeClass) -> Template {
    template(known, |_, _, _| {})
}

// behaviour: launch/templates-are-named-after-their-content
#[test]
fn equal_content_has_one_name_and_any_change_another() {
    let name = plain(&al2023()).name;
    assert_eq!(plain(&al2023()).name, name);
    assert!(name.starts_with("joiner/prod/") && name.len() == "joiner/prod/".len() + 20, "{name}");
    let alias = "  amiSelectorTerms: [{ alias: al2023@latest }]\n";
    let mut names = vec![name];
    for change in [
        "  userData: echo hello",
        "  detailedMonitoring: true",
        "  tags: { team: b }",
        "  kubelet: { logging: { format: json } }",
        "  metadataOptions: { httpPutResponseHopLimit: 2 }",
        "  associatePublicIPAddress: false",
    ] {
        names.push(plain(&class(&format!("{alias}{change}"))).name);
    }
    names.push(template(&al2023(), |variant, _, _| variant.pods = 30).name);
    names.push(template(&al2023(), |variant, _, _| variant.image = "ami-arm".into()).name);
    names.push(template(&al2023(), |_, _, blueprint| blueprint.capacity_type = CapacityType::Spot).name);
    names.push(template(&al2023(), |_, _, blueprint| blueprint.tenancy = HostTenancy::Dedicated).name);
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_plain_class_gets_the_usual_settings() {
    let data = plain(&al2023()).data;
    let devices: Vec<_> = data
        .block_device_mappings()
        .iter()
        .map(|mapping| {
            let ebs = mapping.ebs().unwrap();
            (
                mapping.device_name(),
                ebs.encrypted(),
                ebs.volume_size(),
                ebs.volume_type().cloned(),
                ebs.iops(),
            )
        })
        .collect();
    assert_eq!(devices, [(Some("/dev/xvda"), Some(true), Some(20), Some(VolumeType::Gp3), None)]);
    let metadata = data.metadata_options().unwrap();
    assert_eq!(metadata.http_tokens(), Some(&LaunchTemplateHttpTokensState::Required));
    assert_eq!(metadata.http_put_response_hop_limit(), Some(1));
    assert_eq!(metadata.http_protocol_ipv6(), Some(&LaunchTemplateInstanceMetadataProtocolIpv6::Disabled));
    assert_eq!(metadata.instance_metadata_tags(), Some(&LaunchTemplateInstanceMetadataTagsState::Disabled));
    assert_eq!(data.iam_instance_profile().and_then(|profile| profile.name()), Some("prod-nodes"));
    assert_eq!(data.monitoring().and_then(|monitoring| monitoring.enabled()), Some(false));
    let [interface] = data.network_interfaces() else { panic!("one interface") };
    assert_eq!(interface.groups(), ["sg-1", "sg-2"]);
    assert_eq!((interface.device_index(), interface.interface_type()), (Some(0), None));
    assert_eq!(interface.associate_public_ip_address(), None);
    let reservation = data.capacity_reservation_specification().unwrap();
    assert_eq!(reservation.capacity_reservation_preference(), Some(&CapacityReservationPreference::None));
    let tagged: Vec<_> = data.tag_specifications().iter().filter_map(|tags| tags.resource_type()).collect();
    assert_eq!(tagged, [&ResourceType::NetworkInterface]);
}

#[test]
fn interfaces_follow_the_class_or_what_the_claim_asks_for() {
    let kinds = |template: Template| -> Vec<(Option<i32>, Option<i32>, Option<String>)> {
        let interfaces = template.data.network_interfaces().iter();
        interfaces
            .map(|i| (i.network_card_index(), i.device_index(), i.interface_type().map(str::to_owned)))
            .collect()
    };
    let asked = template(&al2023(), |variant, _, _| variant.efa = 2);
    let efa = Some("efa".to_owned());
    assert_eq!(kinds(asked), [(Some(0), Some(0), efa.clone()), (Some(1), Some(1), efa)]);
    let listed = class(
        "  amiSelectorTerms: [{ alias: al2023@latest }]\n  associatePublicIPAddress: false\n  networkInterfaces:\n  \
         - { networkCardIndex: 0, deviceIndex: 0, interfaceType: interface }\n  \
         - { networkCardIndex: 1, deviceIndex: 1, interfaceType: efa-only }",
    );
    let template = template(&listed, |variant, _, _| variant.efa = 2);
    let public: Vec<_> =
        template.data.network_interfaces().iter().map(|i| i.associate_public_ip_address()).collect();
    assert_eq!(public, [Some(false), None]);
    let expected = [(Some(0), Some(0), "interface"), (Some(1), Some(1), "efa-only")];
    assert_eq!(kinds(template), expected.map(|(card, device, kind)| (card, device, Some(kind.to_owned()))));
}

#[test]
fn a_reservation_is_named_and_its_market_with_it() {
    let target = |block, interruptible| ReservationTarget { id: "cr-1".into(), block, interruptible };
    let of = |target: ReservationTarget| {
        let data = template(&al2023(), |variant, _, _| variant.reservation = Some(target)).data;
        let reservation = data.capacity_reservation_specification().unwrap().clone();
        let id =
            reservation.capacity_reservation_target().and_then(|target| target.capacity_reservation_id());
        assert_eq!(id, Some("cr-1"));
        let preference = reservation.capacity_reservation_preference();
        assert_eq!(preference, Some(&CapacityReservationPreference::CapacityReservationsOnly));
        data.instance_market_options().and_then(|options| options.market_type().cloned())
    };
    assert_eq!(of(target(false, false)), None);
    assert_eq!(of(target(true, false)), Some(MarketType::CapacityBlock));
    assert_eq!(of(target(false, true)), Some(MarketType::InterruptibleCapacityReservation));
}

#[test]
fn claims_choose_enclaves_tenancy_and_partition() {
    let grouped =
        class("  amiSelectorTerms: [{ alias: al2023@latest }]\n  placementGroupSelector: { name: spread-1 }");
    let data = template(&grouped, |_, draft, blueprint| {
        draft.requests.set(ResourceName::from(ENCLAVE_REQUEST), "1".parse().unwrap());
        draft.requirements = vec![among(PARTITION, &["3"]), among(keys::ZONE, &["us-east-1a"])];
        blueprint.tenancy = HostTenancy::Dedicated;
        blueprint.capacity_type = CapacityType::Spot;
    })
    .data;
    assert_eq!(data.enclave_options().and_then(|options| options.enabled()), Some(true));
    let placement = data.placement().unwrap();
    assert_eq!(placement.tenancy(), Some(&Tenancy::Dedicated));
    assert_eq!((placement.group_name(), placement.partition_number()), (Some("spread-1"), Some(3)));
    let tagged: Vec<_> = data.tag_specifications().iter().filter_map(|tags| tags.resource_type()).collect();
    assert_eq!(tagged, [&ResourceType::NetworkInterface, &ResourceType::SpotInstancesRequest]);
}
