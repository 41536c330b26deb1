//! Every format of the table must be found when it is generated, and things that only look like secrets must not.

use super::{Format, formats};
use crate::{Config, Inspector, Message, Report, Scratch};

/// A small fixed generator (xorshift), so that a failure can be repeated.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
}

fn secrets_only() -> Inspector {
    let config = Config { only: vec!["SECRET".to_owned()], heads: false, ..Config::default() };
    Inspector::compile(&config).expect("SECRET is a kind")
}

/// Sentences as people leak secrets: assigned, quoted, in a sentence, in an address.
fn sentences(format: &Format, value: &str) -> Vec<(String, usize)> {
    let name = format.words.first().copied().unwrap_or("service");
    let plain = if format.needs_word() { format!("{name} key: ") } else { "look at ".to_owned() };
    [format!("{name}_token = \""), format!("export {}_KEY=", name.to_uppercase()), format!("the {name} secret is: "), plain]
        .into_iter()
        .zip(["\"", "", " ok", ""])
        .map(|(before, after)| (format!("{before}{value}{after}"), before.len()))
        .collect()
}

fn covers(report: &Report<'_>, start: usize, end: usize) -> bool {
    report.findings().iter().any(|f| {
        let (from, to) = (f.start as usize, f.end as usize);
        let inter = to.min(end).saturating_sub(from.max(start));
        2 * inter >= end.max(to) - start.min(from)
    })
}

#[test]
fn generated_secrets_of_every_format_are_found() {
    let inspector = secrets_only();
    let mut scratch = Scratch::new();
    let (mut hits, mut total) = (0u32, 0u32);
    let mut weak = Vec::new();
    for (number, format) in formats().iter().enumerate() {
        let mut next = random(number as u64 + 17);
        let (mut found, mut tried) = (0u32, 0u32);
        for _ in 0..25 {
            let value = format.generate(&mut next);
            for (text, start) in sentences(format, &value) {
                tried += 1;
                let report = inspector.inspect(&Message::from_text(&text), &mut scratch);
                found += u32::from(covers(&report, start, start + value.len()));
            }
        }
        hits += found;
        total += tried;
        if found * 100 < tried * 95 {
            weak.push(format!("{} {found}/{tried}, like {}", format.id, format.generate(&mut next)));
        }
    }
    assert!(formats().len() >= 200, "only {} formats", formats().len());
    assert!(hits * 1000 >= total * 990, "{hits} of {total}; weak: {}", weak.join("\n"));
}

#[test]
fn what_only_looks_like_a_secret_is_not_one() {
    let inspector = secrets_only();
    let mut scratch = Scratch::new();
    let mut next = random(99);
    let mut wrong = Vec::new();
    let mut total = 0;
    for _ in 0..200 {
        for text in hard_negatives(&mut next) {
            total += 1;
            let report = inspector.inspect(&Message::from_text(&text), &mut scratch);
            for f in report.findings() {
                wrong.push(format!("{} in {text}", report.detector(f)));
            }
        }
    }
    assert!(wrong.len() * 1000 <= total, "{} of {total}: {}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder of a small number")]
fn take(next: &mut impl FnMut() -> u64, alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    (0..length).map(|_| letters[(next() % letters.len() as u64) as usize]).collect()
}

fn hard_negatives(next: &mut impl FnMut() -> u64) -> Vec<String> {
    const HEX: &str = "0123456789abcdef";
    const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut hex = |length| take(next, HEX, length);
    let uuid = format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12));
    let (md5, sha1, sha256) = (hex(32), hex(40), hex(64));
    let image = take(next, BASE64, 400);
    let digits = take(next, "0123456789", 12);
    let upper = take(next, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 12);
    vec![
        format!("request id {uuid} failed"),
        format!("uuid: {uuid}"),
        format!("commit {sha1} broke it"),
        format!("fixed in {sha1}"),
        format!("md5 = {md5}"),
        format!("sha256: {sha256}  release.tar.gz"),
        format!("checksum {sha256}"),
        format!("github commit {sha1}"),
        format!("docker pull app@sha256:{sha256}"),
        format!("<img src=\"data:image/png;base64,{image}==\">"),
        format!("integrity sha512-{image}=="),
        format!("order number {digits}"),
        format!("tracking 1Z{upper}"),
        format!("order {upper}-{digits}"),
        format!("/assets/app.{}.js", &md5[..20]),
        format!("https://example.org/post/{uuid}"),
        format!("key: {}", "value-of-the-config-entry"),
        "api_key = YOUR_API_KEY_HERE".to_owned(),
        "password: xxxxxxxxxxxx".to_owned(),
        "token=<your-token-goes-here>".to_owned(),
        "secret: ${CLIENT_SECRET}".to_owned(),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_owned(),
        "sk_test_XXXXXXXXXXXXXXXXXXXXXXXX".to_owned(),
        "the password is stored in the vault".to_owned(),
        "password = os.environ['DB_PASSWORD']".to_owned(),
        "token: process.env.GITHUB_TOKEN".to_owned(),
        "thereisaverylongwordwithoutanyspaces_and_underscores_in_it".to_owned(),
        "SomeVeryLongCamelCaseIdentifierNameForAFactoryBean".to_owned(),
        "#ThisIsAVeryLongHashtagThatPeopleLike2024".to_owned(),
    ]
}

#[test]
fn private_keys_and_passwords_in_addresses_are_found_as_a_whole() {
    let inspector = secrets_only();
    let mut scratch = Scratch::new();
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4ypbHqGC0H0+tG3hGbN3MYHa\n";
    let block = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----");
    let text = format!("here you go:\n{block}\nbye");
    let report = inspector.inspect(&Message::from_text(&text), &mut scratch);
    assert_eq!(&text[report.findings()[0].range()], block);
    let text = "redis://:p4ssw0rd!x@cache.example.org:6379/0";
    let report = inspector.inspect(&Message::from_text(text), &mut scratch);
    assert_eq!(&text[report.findings()[0].range()], "p4ssw0rd!x");
}

/// What is reported in a text, without what stands around it.
fn found_in(inspector: &Inspector, scratch: &mut Scratch, text: &str) -> Vec<String> {
    inspector.inspect(&Message::from_text(text), scratch).findings().iter().map(|f| text[f.range()].to_owned()).collect()
}

#[test]
fn passwords_are_found_where_people_and_programs_write_them() {
    let inspector = secrets_only();
    let mut scratch = Scratch::new();
    for text in [
        "export DB_PASS=|kT9xmq2LwZ|",
        "PGPASSWORD=|kT9xmq2LwZ| psql -h db.example.test",
        "docker login -u ci -p |kT9xmq2LwZ| registry.example.test",
        "mysql -u root -p|kT9xmq2LwZ| shop",
        "sshpass -p '|kT9xmq2LwZ|' ssh root@host.example.test",
        "curl -s -u ann:|kT9xmq2LwZ| https://api.example.test/",
        "jdbc:mysql://db.example.test/shop?user=root&password=|kT9xmq2LwZ|&useSSL=true",
        "otpauth://totp/Shop:ann?secret=|UPTFD3A5N7I7NNQW42ZK3HHJMNW4BRD2|&issuer=Shop",
        "<add key=\"ApiSecret\" value=\"|s3wU25ld6HoUYwtitHxaJJqbtiAY4TLV|\" />",
        "ENV API_TOKEN |CN1UqCRF2whklYGqzD7CikOflcikoDPZ|",
        "SHOP_API_TOKEN=|125cf8f0-38ba-d557-fd23-57eb6e21cb8d|",
        "PrivateKey = |w00yfc17/f5W+jtNogKhb3IwlgVjgNiiu1qN3bZrRU9=|",
        "pw: |u6X3Imss9f|",
        "la password è |guy7nBVgW1M5|",
        "a senha é |8tkButSmu3r|",
        "Authorization: SSWS |00CJmpWOlydIfy4dT4dm9EyROXdJCVdvqF9kc61Mag|",
        "my app: |JuL8Q~FxwRYS7ZVy~vY0zGbREceHxgXC1wYZK80e|",
    ] {
        let parts: Vec<&str> = text.split('|').collect();
        let found = found_in(&inspector, &mut scratch, &parts.concat());
        assert_eq!(found, [parts[1]], "{text}");
    }
}

#[test]
fn commands_and_short_words_without_a_password_are_none() {
    let inspector = secrets_only();
    let mut scratch = Scratch::new();
    for text in [
        "mysql -u root -p shop2024db",
        "curl -u \"$USER:$PASSWORD1\" https://api.example.test/",
        "curl -u user:password https://api.example.test/",
        "docker login -u ci -p ${TOKEN1} registry.example.test",
        "my boarding pass is AB1234X",
        "let password = compute_hash2(3);",
        "let pass = compute_pass(3);",
        "the pass rate was 98percent2024",
        "password: [SECRET]",
        "Password=[SECRET];",
        "password: [your-password-here]",
    ] {
        assert_eq!(found_in(&inspector, &mut scratch, text), [""; 0], "{text}");
    }
}

#[test]
fn a_putty_key_is_found_as_a_whole() {
    let inspector = secrets_only();
    let lines = "RtaRDlxpQNdjtnC+KzcGjVj4OEX5v0YDByfgCZod3GQK\nq1wzQKXvJx2n0Zb8mYtHcA==";
    let text =
        format!("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPrivate-Lines: 2\n{lines}\nPrivate-MAC: 0f\n");
    let found = found_in(&inspector, &mut Scratch::new(), &text);
    assert!(found.iter().any(|f| f.contains(lines)), "{found:?}");
}
