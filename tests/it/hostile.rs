//! The hostile peers at TCP, TLS, QUIC and proxies, one a row: what it does, and the test that holds its failure to a
//! name, and to bounded time and memory. A row without its test is a failure here.

const TCP: &str = "tests/it/tcp_peers.rs";
const ANY: &str = "tests/it/peers.rs";
const FLOODS: &str = "tests/it/floods.rs";
const TLS_FLOODS: &str = "tests/it/tls_floods.rs";
const PROXIES: &str = "tests/it/proxies.rs";
const HOSTILE: &str = "src/tls/tests/hostile.rs";
const STEPS: &str = "src/tls/tests/steps.rs";
const AFTER: &str = "src/tls/tests/after.rs";
const QUIC: &str = "src/quic/tests.rs";

#[rustfmt::skip]
const PEERS: &[(&str, &str, &str)] = &[
    // TCP.
    ("a reset as soon as it is connected", TCP, "a_reset_is_named_by_where_it_comes"),
    ("a reset in place of a response", TCP, "a_reset_is_named_by_where_it_comes"),
    ("a reset inside the head", TCP, "a_reset_is_named_by_where_it_comes"),
    ("a reset inside the body", TCP, "a_reset_is_named_by_where_it_comes"),
    ("an end as soon as it is connected", TCP, "an_end_is_named_by_where_it_comes"),
    ("half an end, and ears open", TCP, "an_end_is_named_by_where_it_comes"),
    ("an end inside a chunk", TCP, "an_end_is_named_by_where_it_comes"),
    ("a window of zero for ever", TCP, "a_window_of_zero_for_ever_ends_at_max_time_while_sending"),
    ("a head of a byte now and then", TCP, "a_byte_now_and_then_ends_at_max_time_and_says_what_was_awaited"),
    ("a body of a byte now and then", TCP, "a_byte_now_and_then_ends_at_max_time_and_says_what_was_awaited"),
    ("a ServerHello of a byte now and then", TCP, "a_byte_now_and_then_ends_at_max_time_and_says_what_was_awaited"),
    ("silence", ANY, "a_silent_server_ends_at_max_time_with_the_stage_that_ran"),
    ("another protocol", ANY, "what_is_not_http_is_shown_escaped"),
    ("a head without an end", ANY, "endless_heads_meet_their_limits"),
    ("chunks of a byte without an end", FLOODS, "a_body_in_pieces_of_a_byte_ends_in_time_and_in_little_memory"),
    // TLS.
    ("plain HTTP on the port of TLS", HOSTILE, "plain_http_is_named"),
    ("garbage on the port of TLS", HOSTILE, "other_protocols_and_garbage_are_shown_escaped"),
    ("an end at each step", STEPS, "a_reset_or_an_end_at_every_step_is_named"),
    ("a reset at each step", STEPS, "a_reset_or_an_end_at_every_step_is_named"),
    ("silence at each step", STEPS, "silence_at_every_step_says_what_was_waited_for"),
    ("a record longer than any may be", HOSTILE, "absurd_lengths_and_endless_messages_end_in_a_protocol_failure"),
    ("a ServerHello of 16 MB", HOSTILE, "absurd_lengths_and_endless_messages_end_in_a_protocol_failure"),
    ("messages in records of a byte", STEPS, "messages_in_records_of_one_byte_are_put_together"),
    ("a handshake in records of a byte without an end", FLOODS, "a_handshake_that_goes_on_and_on_ends_in_time"),
    ("a flood of warnings", STEPS, "floods_end_in_bounded_time_and_memory"),
    ("a flood of empty handshake records", STEPS, "floods_end_in_bounded_time_and_memory"),
    ("a flood of empty records of data", STEPS, "floods_end_in_bounded_time_and_memory"),
    ("a flood of ChangeCipherSpec", STEPS, "floods_end_in_bounded_time_and_memory"),
    ("a flood of HelloRequest", STEPS, "floods_end_in_bounded_time_and_memory"),
    ("a flood of heartbeats", STEPS, "floods_end_in_bounded_time_and_memory"),
    ("a second HelloRetryRequest", STEPS, "a_second_hello_retry_request_is_a_protocol_failure"),
    ("a choice that was not offered", STEPS, "a_choice_that_was_not_offered_is_a_protocol_failure"),
    ("a chain of 101 certificates", HOSTILE, "a_chain_of_too_many_certificates_is_a_protocol_failure"),
    ("bits turned in a flight", HOSTILE, "a_damaged_flight_never_breaks_the_record"),
    ("garbage behind the handshake", STEPS, "garbage_behind_the_handshake_is_no_data"),
    ("an alert behind the handshake", AFTER, "an_alert_after_the_handshake_remembers_what_was_asked_for"),
    ("KeyUpdate without an end", TLS_FLOODS, "key_updates_without_end_break_the_protocol"),
    ("tickets by the thousand", TLS_FLOODS, "tickets_by_the_thousand_are_no_burden"),
    ("records of a byte without an end", TLS_FLOODS, "records_of_a_byte_each_end_at_max_time"),
    ("records of nothing without an end", TLS_FLOODS, "records_of_nothing_end_in_time"),
    // QUIC.
    ("silence by UDP", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("ICMP in place of a reply", QUIC, "a_port_that_nobody_listens_on_is_told_by_the_network"),
    ("text by UDP", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("a flood by UDP", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("version negotiation to another version", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("version negotiation to none", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("version negotiation to the same, in a loop", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("version negotiation for a stranger", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("Retry in a loop", QUIC, "retries_without_end_are_named"),
    ("a forged Retry", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("a forged Initial", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("a forged Handshake packet", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    ("a forged stateless reset", QUIC, "each_bad_peer_has_its_name_and_ends_in_time"),
    // Proxies.
    ("an https proxy whose tunnel leads to plain HTTP", PROXIES, "an_https_proxy_that_lies_is_a_failure_by_name"),
    ("an https proxy whose tunnel ends at once", PROXIES, "an_https_proxy_that_lies_is_a_failure_by_name"),
    ("an https proxy that stands at the end of its tunnel", PROXIES, "an_https_proxy_that_lies_is_a_failure_by_name"),
    ("an https proxy with a head without an end", PROXIES, "an_https_proxy_that_lies_is_a_failure_by_name"),
    ("an https proxy with interim responses without an end", PROXIES, "an_https_proxy_that_lies_is_a_failure_by_name"),
];

#[test]
fn each_hostile_peer_has_its_test() {
    assert!(PEERS.len() >= 40);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (index, (what, file, test)) in PEERS.iter().enumerate() {
        assert!(PEERS[..index].iter().all(|(other, ..)| other != what), "{what} twice");
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(&format!("fn {test}(")), "{what}: {file} has no {test}");
    }
}
