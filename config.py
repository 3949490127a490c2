"""Settings: config.toml and the environment, read once into one frozen value.

`TOCSIN_CONFIG` names the file (default `config.toml`, which may be absent);
`TOCSIN__SECTION__KEY` overrides any key of it. An unknown key, a wrong type or a
missing secret raises ConfigError with one line that names the key.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

LONGEST_SOCKET = 100  # bytes; the system's limit for a Unix socket's path is 107


DATABASES = ("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")
REDIS = ("redis://", "rediss://", "unix://")
LANGUAGES = ("fr", "en")  # those with catalogues under locales/
OPTIONAL = ("registration", "accessibility_gaps", "texts")  # of [legal]: not everybody has them


class ConfigError(Exception):
    """The configuration cannot be used; the message is one line naming the key."""


class Section(BaseModel):
    """A TOML table that refuses unknown keys, so that a typo fails at the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(Section):
    """`site` is the public address, without a closing slash; webhooks are signed for it."""

    name: str = Field(default="Tocsin", min_length=1, max_length=11)
    site: str = "http://127.0.0.1:8000"
    webhook_base: str = ""  # where providers reach us when it is not `site`
    data_dir: Path = Path("var")
    languages: tuple[str, ...] = ("fr", "en")
    time_zone: str = "Europe/Paris"
    contact: str = ""
    secret_key: str = ""  # made at the first start in data_dir/secret_key when empty

    @field_validator("site", "webhook_base")
    @classmethod
    def _no_closing_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("languages")
    @classmethod
    def _spoken(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - set(LANGUAGES):
            raise ValueError(f"must be some of {', '.join(LANGUAGES)}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError):
            raise ValueError(f"no such time zone: {value}") from None
        return value

    @property
    def callbacks(self) -> str:
        """The address that providers call."""
        return self.webhook_base or self.site


def _one_of(url: str, schemes: tuple[str, ...]) -> str:
    if url and not url.startswith(schemes):
        raise ValueError(f"must be empty or begin with {' or '.join(schemes)}")
    return url


class Database(Section):
    """An empty url is the embedded SQLite in data_dir."""

    url: str = ""
    pool_size: int = Field(default=10, ge=1)

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, DATABASES)


class RedisSection(Section):
    """An empty url is the embedded Valkey on a socket in data_dir."""

    url: str = ""

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, REDIS)


class Mail(Section):
    """`smtp://user:password@host:port`, `smtps://...`, or `maildir:folder`."""

    url: str = ""  # empty: maildir:<data_dir>/mail
    sender: str = "alerte@tocsin.example"
    rate: float = Field(default=50.0, gt=0)  # messages a second

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if value and not value.startswith(("smtp://", "smtps://", "maildir:")):
            raise ValueError("must begin with smtp://, smtps:// or maildir:")
        return value


class Push(Section):
    """Notifications on members' devices. The key is 32 bytes in base64url."""

    vapid_private_key: str = ""  # made in data_dir/vapid_private_key when empty
    rate: float = Field(default=200.0, gt=0)  # messages a second
    private_services: bool = False  # push services on this machine or without TLS: for tests

    @field_validator("vapid_private_key")
    @classmethod
    def _key(cls, value: str) -> str:
        try:
            length = len(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
        except ValueError:
            length = 0
        if value and length != 32:
            raise ValueError(
                "must be 32 bytes in base64url, as data_dir/vapid_private_key has them"
            )
        return value


class Geo(Section):
    """Distances in metres, areas in hectares (S50, S62)."""

    geocoder_url: str = ""
    tiles_url: str = ""
    tiles_attribution: str = "© OpenStreetMap https://www.openstreetmap.org/copyright"
    area_min_ha: float = 0.3
    area_max_ha: float = 400.0
    points_max: int = 500
    twin_distance_m: float = 5000.0
    homes_per_ha: float = Field(default=8.0, gt=0)


class TimeToLive(Section):
    """Minutes after which an alert of a category is no longer worth telling (A4)."""

    default: float = 120.0
    notice: float = 120.0
    cambriolage: float | None = None
    comportement_suspect: float | None = None
    demarchage: float | None = None
    degradation: float | None = None
    vol: float | None = None
    evenement_exceptionnel: float | None = None
    disparition: float | None = None
    autre: float | None = None

    def minutes(self, category: str) -> float:
        """The time to live of a category, in minutes."""
        own = getattr(self, category, None)
        return self.default if own is None else float(own)


class Dispatch(Section):
    """Seconds, unless a name says otherwise."""

    concurrency: int = Field(default=200, ge=1)  # messages in flight, a gateway and worker
    workers: int = Field(default=1, ge=1)
    inbound_workers: int = Field(default=2, ge=1)
    slice_seconds: float = Field(default=300.0, gt=0)
    quiet_seconds: float = Field(default=60.0, ge=0)
    lease_seconds: float = Field(default=30.0, gt=0)
    sweep_seconds: float = Field(default=5.0, gt=0)
    send_timeout_seconds: float = Field(default=10.0, gt=0)
    poll_seconds: float = Field(default=60.0, gt=0)
    receipt_hours: float = Field(default=24.0, gt=0)
    max_attempts: int = Field(default=3, ge=1)
    max_segments: int = Field(default=3, ge=1, le=10)
    redial_seconds: tuple[float, ...] = (60.0, 180.0)  # before the second call, the third
    time_to_live: TimeToLive = TimeToLive()


class Alerts(Section):
    """The limits and windows of sms.md and A8."""

    reply_hours: float = 6.0
    stale_minutes: float = 15.0
    repeat_minutes: float = 10.0
    join_seconds: float = 10.0
    duplicate_seconds: float = 120.0
    answers_max: int = 6
    answers_minutes: float = 10.0
    per_member_hour: int = 5
    per_community_hour: int = 20
    hold_minutes: float = 10.0
    mask: bool = True  # plates, numbers and e-mails in what neighbours read (A9)


class Joining(Section):
    """How a home is proved (S22 to S30). Distances in metres; `evening` is local time."""

    position_m: float = Field(default=150.0, gt=0)
    position_max_m: float = Field(default=250.0, gt=0)
    accuracy_max_m: float = Field(default=1000.0, gt=0)
    partner_m: float = Field(default=100.0, gt=0)
    position_tries: int = Field(default=10, ge=1)
    evening: time = time(18, 30)
    evening_link_hours: float = Field(default=72.0, gt=0)
    team_hours: float = Field(default=72.0, gt=0)
    referent_days: float = Field(default=15.0, gt=0)
    proof_days: float = Field(default=15.0, gt=0)
    proof_megabytes: float = Field(default=10.0, gt=0)
    proof_tries: int = Field(default=5, ge=1)


class Gazette(Section):
    """The community's journal (S46). `digest` is the local time of its summary by e-mail."""

    days: int = Field(default=30, ge=1)
    days_max: int = Field(default=180, ge=1)
    pictures_max: int = Field(default=3, ge=0, le=10)
    picture_megabytes: float = Field(default=10.0, gt=0)
    entries_a_day: int = Field(default=10, ge=1)
    comments_a_day: int = Field(default=50, ge=1)
    digest: time = time(8, 30)

    @field_validator("digest")
    @classmethod
    def _by_day(cls, value: time) -> time:
        if not time(8) <= value < time(21, 30):
            raise ValueError("must be between 8:00 and 21:30: the law wants it so")
        return value


class Security(Section):
    """`trusted_proxies` is how many reverse proxies stand in front of the web process.

    `simulator_public` opens the simulator, where anybody texts as anybody, to all who can
    reach the port: without it only callers on this machine use it.
    """

    trusted_proxies: int = Field(default=0, ge=0)
    simulator_public: bool = False


class Retention(Section):
    """How long personal data stays. Logs go where the operator sends them: `log_months` is
    what the privacy notice says of them.
    """

    alert_text_days: int = Field(default=90, ge=1)
    delivery_months: int = Field(default=13, ge=1)
    pending_days: int = Field(default=30, ge=1)
    gazette_days: int = Field(default=30, ge=1)
    message_days: int = Field(default=365, ge=1)
    movement_months: int = Field(default=12, ge=1)
    log_months: int = Field(default=12, ge=1)


class Legal(Section):
    """What the law wants of whoever runs a site: the pages under /legal are completed with it."""

    publisher: str = ""
    publisher_address: str = ""
    publisher_phone: str = ""
    registration: str = ""
    director: str = ""
    host: str = ""
    host_address: str = ""
    host_phone: str = ""
    data_officer: str = ""
    contractors: tuple[str, ...] = ()
    effective: date | None = None
    accessibility: Literal["full", "partial", "none"] = "partial"
    accessibility_checked: str = ""
    accessibility_gaps: tuple[str, ...] = ()
    accessibility_date: date | None = None
    texts: Path | None = None

    @property
    def missing(self) -> list[str]:
        """The keys that a page still shows as to be completed."""
        return [
            name
            for name in type(self).model_fields
            if name not in OPTIONAL and not getattr(self, name)
        ]


class TwilioGateway(Section):
    """api_key and api_secret sign calls when given; auth_token always checks webhooks."""

    type: Literal["twilio"]
    account_sid: str = Field(min_length=1)
    auth_token: str = Field(min_length=1)
    auth_token_previous: str = ""  # accepted too, during a rotation
    api_key: str = ""
    api_secret: str = ""
    api_base: str = "https://api.twilio.com"
    poll_inbound: bool = True


class KannelGateway(Section):
    """`token` proves that webhooks come from this Kannel."""

    type: Literal["kannel"]
    sendsms_url: str = Field(min_length=1)
    username: str = Field(min_length=1)
    password: str = Field(min_length=1)
    token: str = Field(min_length=1)
    smsc: str = ""


class SimulatorGateway(Section):
    """Handsets on the page /simulator."""

    type: Literal["simulator"]


GatewaySection = Annotated[
    TwilioGateway | KannelGateway | SimulatorGateway, Field(discriminator="type")
]


class PartnerSection(Section):
    """An OpenID Connect provider that says where somebody lives (S26); `label` is its name as
    residents know it.
    """

    issuer: str
    client_id: str
    client_secret: SecretStr
    label: str
    scope: str = "openid address"

    @field_validator("issuer")
    @classmethod
    def _private(cls, value: str) -> str:
        return _one_of(value, ("https://", "http://127.0.0.1", "http://localhost", "http://[::1]"))


class Settings(BaseSettings):
    """The whole configuration. Paths are made absolute from the working directory."""

    model_config = {
        "extra": "forbid",
        "frozen": True,
        "env_prefix": "TOCSIN__",
        "env_nested_delimiter": "__",
    }

    service: Service = Service()
    database: Database = Database()
    redis: RedisSection = RedisSection()
    mail: Mail = Mail()
    push: Push = Push()
    geo: Geo = Geo()
    dispatch: Dispatch = Dispatch()
    alerts: Alerts = Alerts()
    joining: Joining = Joining()
    gazette: Gazette = Gazette()
    security: Security = Security()
    retention: Retention = Retention()
    legal: Legal = Legal()
    gateway: Mapping[str, GatewaySection] = Field(
        default_factory=lambda: {"simulator": SimulatorGateway(type="simulator")}
    )

    partner: Mapping[str, PartnerSection] = Field(default_factory=dict)

    @field_validator("partner")
    @classmethod
    def _in_addresses(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in value:
            if not name.replace("-", "").isalnum() or not name.isascii():
                raise ValueError(f"{name!r} cannot be the name of a partner: letters, digits, -")
        return value

    @field_validator("gateway")
    @classmethod
    def _usable_names(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in value:
            plain = name.replace("-", "").replace("_", "")
            if not plain.isalnum() or name in ("mail", "push"):
                raise ValueError(f"{name!r} cannot be the name of a gateway")
        return value

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917  # pydantic's own signature
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return EnvSettingsSource(settings_cls), init_settings

    @property
    def data_dir(self) -> Path:
        return self.service.data_dir.absolute()

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir / 'tocsin.db'}"

    @property
    def embedded_redis(self) -> bool:
        return not self.redis.url

    @property
    def redis_socket(self) -> Path:
        """In data_dir, or in a short folder when that path is too long for a socket."""
        path = self.data_dir / "valkey.sock"
        if len(str(path)) <= LONGEST_SOCKET:
            return path
        name = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tocsin-{name}" / "valkey.sock"

    @property
    def redis_url(self) -> str:
        return self.redis.url or f"unix://{self.redis_socket}"

    @property
    def mail_url(self) -> str:
        return self.mail.url or f"maildir:{self.data_dir / 'mail'}"

    def secret_key(self) -> str:
        """The configured key, or the one kept in data_dir, made at the first call."""
        if self.service.secret_key:
            return self.service.secret_key
        path = self.data_dir / "secret_key"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(32))
        except FileExistsError:
            pass
        return path.read_text().strip()


def load(path: Path | None = None) -> Settings:
    """Read the file that `path`, or else TOCSIN_CONFIG, names, and the environment.

    Raises ConfigError. A file named explicitly must exist; ./config.toml need not.
    """
    named = path or (Path(os.environ["TOCSIN_CONFIG"]) if "TOCSIN_CONFIG" in os.environ else None)
    source = named or Path("config.toml")
    document: dict[str, Any] = {}
    if named or source.exists():
        document = _read_toml(source)
    _refuse_unknown_environment()
    try:
        return Settings(**document)
    except ValidationError as error:
        raise ConfigError(_first_line(error, source)) from None


def _read_toml(source: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{source}: no such file (TOCSIN_CONFIG names it)") from None
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: not TOML: {error}") from None


def _refuse_unknown_environment() -> None:
    for name in os.environ:
        if name.upper().startswith("TOCSIN__"):
            section = name.split("__")[1].lower()
            if section not in Settings.model_fields:
                raise ConfigError(f"environment {name}: unknown section [{section}]")


def _first_line(error: ValidationError, source: Path) -> str:
    """Name the key of the first fault, as an operator wrote it."""
    fault = error.errors(include_url=False)[0]
    kinds = {"twilio", "kannel", "simulator"}
    parts = [str(part) for part in fault["loc"]]
    if len(parts) > 2 and parts[0] == "gateway" and parts[2] in kinds:
        del parts[2]
    where = f"[{'.'.join(parts[:-1])}] {parts[-1]}" if len(parts) > 1 else f"[{parts[0]}]"
    message = {
        "extra_forbidden": "unknown key",
        "missing": "missing, and there is no default",
    }.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{source}: {where}: {message}"
