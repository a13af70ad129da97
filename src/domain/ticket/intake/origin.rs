//! Where a demand comes from: the six groups of article 8, and the channel it came through (article 11(1)).

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// Article 8's six groups, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceGroup {
    /// 8(1) 省级政务服务.
    ProvincialService,
    /// 8(2) 设区市12345跨市域转办.
    CrossCity,
    /// 8(3) “互联网+督查”, 国家政务服务平台, “互联网+监管”.
    NationalPlatform,
    /// 8(4) 长三角12345一体化.
    RegionalPlatform,
    /// 8(5) 政风热线, 政务服务“好差评”.
    CoBuilt,
    /// 8(6) 省委, 省政府交办.
    AssignedTask,
}

impl SourceGroup {
    pub const ALL: [Self; 6] = [
        Self::ProvincialService,
        Self::CrossCity,
        Self::NationalPlatform,
        Self::RegionalPlatform,
        Self::CoBuilt,
        Self::AssignedTask,
    ];

    /// The code in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ProvincialService => "provincial_service",
            Self::CrossCity => "cross_city",
            Self::NationalPlatform => "national_platform",
            Self::RegionalPlatform => "regional_platform",
            Self::CoBuilt => "co_built",
            Self::AssignedTask => "assigned_task",
        }
    }

    /// What is particular to the group.
    pub const fn profile(self) -> SourceProfile {
        let plain = SourceProfile {
            article: "8(1)",
            feedback: false,
            restricted: false,
            key_supervision: false,
            needs_document: false,
        };
        match self {
            Self::ProvincialService => plain,
            Self::CrossCity => SourceProfile {
                article: "8(2)",
                feedback: true,
                ..plain
            },
            Self::NationalPlatform => SourceProfile {
                article: "8(3)",
                feedback: true,
                ..plain
            },
            Self::RegionalPlatform => SourceProfile {
                article: "8(4)",
                feedback: true,
                ..plain
            },
            Self::CoBuilt => SourceProfile {
                article: "8(5)",
                feedback: true,
                ..plain
            },
            Self::AssignedTask => SourceProfile {
                article: "8(6)",
                restricted: true,
                key_supervision: true,
                needs_document: true,
                ..plain
            },
        }
    }
}

/// What the desk does otherwise for one group. Its limits are the rule set's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SourceProfile {
    pub article: &'static str,
    /// Result and revisit go back to where it came from.
    pub feedback: bool,
    /// Seen by leads and the assigned units only.
    pub restricted: bool,
    /// 重点督办 from the start.
    pub key_supervision: bool,
    /// Issuer and document number are on record.
    pub needs_document: bool,
}

/// 8(1)'s three kinds of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceType {
    /// 事项咨询.
    Inquiry,
    /// 协同办理.
    JointHandling,
    /// 效能投诉.
    EfficacyComplaint,
}

/// How it reached us; whatever the channel, the ticket is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Phone,
    Web,
    /// 移动端, 小程序.
    App,
    Sms,
    Email,
    Letter,
    /// 来访.
    WalkIn,
    /// 110非警务警情分流.
    Police110,
    /// Another platform, by machine.
    Platform,
}

impl Channel {
    /// Whether who asked is alone with a screen or a letter box, and hears of it by message at once (GB/T 33358: a first
    /// response within three minutes). On the phone and at the window somebody says so; a platform is answered itself.
    pub const fn wants_receipt(self) -> bool {
        match self {
            Self::Web | Self::App | Self::Sms | Self::Email | Self::Letter => true,
            Self::Phone | Self::WalkIn | Self::Police110 | Self::Platform => false,
        }
    }
}

/// The mandatory code of a source, and what it was called where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub group: SourceGroup,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceType>,
    pub channel: Channel,
    /// The system it came from, by its name in the organisation.
    pub system: String,
    /// Its id there; one ticket an id.
    pub id: String,
    pub received_at: Timestamp,
    /// SHA-256 of what came, as it came; the bytes are kept beside the ticket.
    pub raw_sha256: String,
    /// 交办单位.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// 文号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}
