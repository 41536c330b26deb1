//! The SMTP server that takes our letters, and handing one over.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox, SinglePart,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Letter;
use crate::{ids::Time, text_enum::text_enum};

/// The longest a server may take for one step of the conversation.
const TIMEOUT: Duration = Duration::from_secs(30);

text_enum! {
    /// How the conversation with the server is kept secret.
    Security {
        /// TLS from the first byte (usually port 465).
        Tls = "tls", "TLS from the beginning";
        /// STARTTLS, demanded: without it nothing is sent (usually port 587).
        StartTls = "starttls", "STARTTLS, demanded";
        /// None: only for a server on this machine.
        None = "none", "none, on this machine only";
    }
}

/// A mail server and how to talk to it.
#[derive(Clone)]
pub struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<(String, Zeroizing<String>)>,
    from: Mailbox,
    from_text: String,
    roots: Vec<Certificate>,
}

/// Why a server cannot be used as it is described.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Codes would travel in clear.
    #[error("mail without TLS is only sent to a server on this machine; set mail.security to starttls or tls")]
    InClear,
    /// Not an address.
    #[error("mail.from is not a mail address, for example desk@example.test or Example Desk <desk@example.test>")]
    From,
    /// Not a certificate.
    #[error("mail.roots has no certificate in PEM form")]
    Roots,
}

impl Server {
    /// Describes a server. An empty user means that none is asked for.
    ///
    /// # Errors
    /// [`ServerError`] says which setting does not fit.
    pub fn new(host: &str, port: u16, security: Security, from: &str) -> Result<Self, ServerError> {
        let local = matches!(host, "localhost" | "127.0.0.1" | "::1");
        if security == Security::None && !local {
            return Err(ServerError::InClear);
        }
        let mailbox: Mailbox = from.parse().map_err(|_| ServerError::From)?;
        let from_text = mailbox.email.to_string();
        Ok(Self { host: host.to_owned(), port, security, credentials: None, from: mailbox, from_text, roots: Vec::new() })
    }

    /// With a user and password.
    #[must_use]
    pub fn with_user(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.to_owned(), Zeroizing::new(password.to_owned())));
        self
    }

    /// Believing these certificates as well as the system's.
    ///
    /// # Errors
    /// [`ServerError::Roots`].
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Self, ServerError> {
        self.roots.push(Certificate::from_pem(pem).map_err(|_| ServerError::Roots)?);
        Ok(self)
    }

    /// The sender's address.
    pub fn from(&self) -> &str {
        &self.from_text
    }

    /// Hands a letter over. `id` names it to receivers: the same for every try.
    pub(super) async fn hand_over(&self, letter: &Letter, id: &str, domain: &str, now: Time) -> Result<(), HandOverError> {
        let message = self.message(letter, &format!("<{id}@{domain}>"), now)?;
        let transport = self.transport(domain)?;
        transport.send(message).await.map(drop).map_err(|error| HandOverError {
            final_refusal: error.is_permanent(),
            // The server's words may name the receiver, so only its code and our own words are kept.
            message: match error.status() {
                Some(code) => format!("the mail server answered {code}"),
                None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
                None if error.is_tls() => "no safe connection to the mail server could be made".to_owned(),
                None => "the mail server could not be reached".to_owned(),
            },
        })
    }

    fn message(&self, letter: &Letter, id: &str, now: Time) -> Result<Message, HandOverError> {
        let to: Address =
            letter.to.parse().map_err(|_| HandOverError::our_fault("the receiver's address cannot be written to"))?;
        let name: String = letter.to_name.chars().filter(|letter| !letter.is_control()).collect();
        let sent = SystemTime::UNIX_EPOCH + Duration::from_millis(now.0.max(0).unsigned_abs());
        let body = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(letter.text.replace("\r\n", "\n").replace('\n', "\r\n"));
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name), to))
            .subject(&letter.subject)
            .message_id(Some(id.to_owned()))
            .date(sent)
            .header(AutoSubmitted)
            .singlepart(body)
            .map_err(|_| HandOverError::our_fault("the letter cannot be put into a message"))
    }

    fn transport(&self, domain: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, HandOverError> {
        let tls = match self.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(self.tls()?),
            Security::Tls => Tls::Wrapper(self.tls()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .tls(tls)
            .hello_name(ClientId::Domain(domain.to_owned()))
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = &self.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_string()));
        }
        Ok(builder.build())
    }

    fn tls(&self) -> Result<TlsParameters, HandOverError> {
        let mut builder = TlsParameters::builder(self.host.clone());
        for root in &self.roots {
            builder = builder.add_root_certificate(root.clone());
        }
        builder.build().map_err(|_| HandOverError::our_fault("the mail server's name cannot be checked against a certificate"))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{}, {})", self.host, self.port, self.security.id())
    }
}

/// Why a letter was not handed over.
#[derive(Debug)]
pub(super) struct HandOverError {
    /// Whether another try is of no use.
    pub(super) final_refusal: bool,
    /// What happened: no address, no text.
    pub(super) message: String,
}

impl HandOverError {
    fn our_fault(message: &str) -> Self {
        Self { final_refusal: true, message: message.to_owned() }
    }
}

/// Tells other programs that no person wrote this (RFC 3834), so that they do not answer.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Letter, Security, Server, ServerError};
    use crate::ids::Time;

    #[test]
    fn in_clear_only_on_this_machine() {
        assert!(Server::new("127.0.0.1", 25, Security::None, "desk@example.test").is_ok());
        let refused = Server::new("mail.example.test", 25, Security::None, "desk@example.test");
        assert!(matches!(refused, Err(ServerError::InClear)));
        assert!(matches!(Server::new("localhost", 25, Security::None, "nobody"), Err(ServerError::From)));
    }

    #[test]
    fn the_same_letter_has_the_same_id_and_no_name_adds_a_header() {
        let server = Server::new("localhost", 25, Security::None, "Example Desk <desk@example.test>").expect("fits");
        let letter = Letter {
            to: "ann@example.test".to_owned(),
            to_name: "Ann\r\nBcc: bea@example.test".to_owned(),
            subject: "Zwei Beiträge warten".to_owned(),
            text: "Line\nand “another”".to_owned(),
        };
        let written = || server.message(&letter, "<1@desk.example.test>", Time(0)).expect("a message").formatted();
        let text = String::from_utf8(written()).expect("ASCII");
        assert_eq!(text.as_bytes(), written());
        assert!(text.contains("Message-ID: <1@desk.example.test>\r\n") && text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(!text.contains("\r\nBcc:"), "{text}");
    }
}
