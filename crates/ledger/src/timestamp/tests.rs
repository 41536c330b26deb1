//! The client against what openssl's responder answered (`scripts/peers/timestamp-vectors.sh` makes the files afresh).

use super::*;
use std::sync::Mutex;

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../vectors/timestamp/", $name))
    };
}

const MESSAGE: &[u8] = vector!("message");
const RSA: &[u8] = vector!("rsa.tsr");
const EC: &[u8] = vector!("ec.tsr");
const RANDOM: [u8; 16] = [0x42; 16];

fn request() -> Request {
    Request::over(MESSAGE, RANDOM, None)
}

fn trust(root: &[u8]) -> Trust {
    Trust::from_pem(std::str::from_utf8(root).expect("PEM is text"), "").expect("a root")
}

fn rsa_trust() -> Trust {
    trust(vector!("rsa-root.pem"))
}

fn ec_trust() -> Trust {
    trust(vector!("ec-root.pem"))
}

/// A network with one answer, which remembers what was sent.
struct Canned {
    reply: Result<TimestampReply, TransportError>,
    sent: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Canned {
    fn new(status: u16, media_type: &str, body: &[u8]) -> Self {
        Self {
            reply: Ok(TimestampReply { status, media_type: media_type.to_owned(), body: body.to_vec() }),
            sent: Mutex::default(),
        }
    }
}

impl Transport for Canned {
    fn post(&self, query: &TimestampQuery<'_>) -> Result<TimestampReply, TransportError> {
        self.sent.lock().expect("not poisoned").push((query.url.to_owned(), query.body.to_vec()));
        self.reply.clone()
    }
}

#[test]
fn the_query_is_the_one_that_openssl_answered() {
    assert_eq!(request().to_der(), vector!("query.tsq"));
}

#[test]
fn an_rsa_stamp_is_accepted() {
    let stamp = verify_answer(RSA, &request(), &rsa_trust()).expect("a good stamp");
    assert_eq!(stamp.policy, "1.3.6.1.4.1.99999.1");
    assert_eq!(stamp.accuracy_us, Some(1_500_100));
    assert_eq!(stamp.time_us % 1_000_000, 0);
    assert_eq!(stamp.chain.len(), 2, "signer and root");
}

#[test]
fn an_ecdsa_stamp_with_a_fraction_of_a_second_is_accepted() {
    let stamp = verify_response(EC, MESSAGE, &ec_trust()).expect("a good stamp");
    assert_ne!(stamp.time_us % 1_000_000, 0, "the fraction is kept");
}

#[test]
fn another_message_nonce_policy_or_root_is_refused() {
    let other = Request::over(b"another message", RANDOM, None);
    assert_eq!(verify_answer(RSA, &other, &rsa_trust()), Err(UnverifiedStamp::Imprint));
    let replayed = Request::over(MESSAGE, [0x43; 16], None);
    assert_eq!(verify_answer(RSA, &replayed, &rsa_trust()), Err(UnverifiedStamp::Nonce));
    let policy = Request::over(MESSAGE, RANDOM, Some(der::asn1::ObjectIdentifier::new_unwrap("1.2.3")));
    assert!(matches!(verify_answer(RSA, &policy, &rsa_trust()), Err(UnverifiedStamp::Policy { .. })));
    assert!(matches!(verify_answer(RSA, &request(), &ec_trust()), Err(UnverifiedStamp::Chain(_))));
}

#[test]
fn a_certificate_for_more_than_time_stamping_is_refused() {
    let answer = verify_response(vector!("two-purposes.tsr"), MESSAGE, &trust(vector!("two-purposes-root.pem")));
    assert_eq!(answer, Err(UnverifiedStamp::Purpose));
}

#[test]
fn a_refusal_is_an_error_that_says_why() {
    let refused = verify_answer(vector!("rejected.tsr"), &request(), &rsa_trust()).expect_err("refused");
    assert_eq!(refused.to_string(), "the authority refused: rejected (“Error during signature generation.”)");
    let refused = verify_answer(vector!("bad-format.tsr"), &request(), &rsa_trust()).expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "the authority refused: rejected, it could not read the request (“Bad request format or system error.”)"
    );
}

#[test]
fn every_flipped_byte_is_refused_or_changes_nothing_that_is_stated() {
    for (response, trust) in [(RSA, rsa_trust()), (EC, ec_trust())] {
        let honest = verify_response(response, MESSAGE, &trust).expect("a good stamp");
        let mut immaterial = 0;
        for position in 0..response.len() {
            let mut bytes = response.to_vec();
            bytes[position] ^= 0x01;
            if let Ok(stamp) = verify_response(&bytes, MESSAGE, &trust) {
                assert_eq!(stamp, honest, "byte {position} changed the statement");
                immaterial += 1;
            }
        }
        // The root that travels along is not trusted and not used; it is most of what may change.
        let root_bytes = honest.chain.last().expect("a root").len();
        assert!(immaterial <= root_bytes + 32, "{immaterial} of {} bytes are not covered", response.len());
    }
}

#[test]
fn every_cut_is_refused() {
    for end in 0..RSA.len() {
        assert!(verify_response(&RSA[..end], MESSAGE, &rsa_trust()).is_err(), "cut at {end}");
    }
}

#[test]
fn an_authority_sends_one_query_and_verifies_the_answer() {
    let authority = Authority::new("first", "http://127.0.0.1/tsa", None, rsa_trust()).expect("an authority");
    let network = Canned::new(200, "application/timestamp-reply; charset=binary", RSA);
    let stamp = authority.stamp(&network, MESSAGE, RANDOM).expect("a stamp");
    assert_eq!((stamp.authority.as_str(), stamp.response.as_slice()), ("first", RSA));
    let sent = network.sent.into_inner().expect("not poisoned");
    assert_eq!(sent, [("http://127.0.0.1/tsa".to_owned(), request().to_der())]);
}

#[test]
fn error_pages_and_dead_networks_are_no_stamps() {
    let authority = Authority::new("first", "http://127.0.0.1/tsa", None, rsa_trust()).expect("an authority");
    let check = |network: &Canned, expected: &str| {
        let error = authority.stamp(network, MESSAGE, RANDOM).expect_err("no stamp");
        assert_eq!(error.to_string(), expected);
    };
    check(&Canned::new(503, REPLY_MEDIA_TYPE, RSA), "the authority's server answered with HTTP status 503; check its address");
    check(
        &Canned::new(200, "text/html", RSA),
        "the authority's server answered with \"text/html\" instead of application/timestamp-reply; check its address",
    );
    let dead = Canned { reply: Err(TransportError("connection refused".into())), sent: Mutex::default() };
    check(&dead, "the authority could not be reached: connection refused");
}

#[test]
fn two_authorities_are_asked_and_fail_on_their_own() {
    let authority = |name, trust| Authority::new(name, "http://127.0.0.1/", None, trust).expect("an authority");
    let both = Authorities::new(vec![authority("first", rsa_trust()), authority("second", ec_trust())]).expect("two authorities");
    let answers = both.stamp_all(&Canned::new(200, REPLY_MEDIA_TYPE, RSA), MESSAGE, || RANDOM);
    assert_eq!(answers.len(), 2);
    assert!(matches!(&answers[0], ("first", Ok(_))));
    assert!(matches!(&answers[1], ("second", Err(NoStamp::Unverified(UnverifiedStamp::Chain(_))))));
}

#[test]
fn a_wrong_configuration_is_refused_at_once() {
    assert_eq!(Trust::from_pem("", "").expect_err("no root"), UnusableTrust::NoRoot);
    assert!(Authority::new("No/Name", "", None, rsa_trust()).is_err());
    assert!(Authority::new("a", "", Some("no oid"), rsa_trust()).is_err());
    let authority = |name| Authority::new(name, "", None, rsa_trust()).expect("an authority");
    assert!(Authorities::new(vec![authority("a"), authority("a")]).is_err());
    assert!(Authorities::new(vec![authority("a"), authority("b"), authority("c")]).is_err());
}
