//! What article 7 asks of a member unit: 健全诉求办理的流程机制, 配备工作团队. What is lacking is listed, not guessed.

use serde::{Deserialize, Serialize};

use crate::domain::staff::UnitKind;

/// A unit's process and people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Title or address of the document that says how the unit handles demands 流程机制.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    pub posts: Posts,
}

/// Who does what in a unit, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Posts {
    pub sign: Vec<String>,
    pub handle: Vec<String>,
    pub review: Vec<String>,
    pub duty: Vec<String>,
}

/// A post 岗位 of the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// 签收岗.
    Sign,
    /// 承办岗.
    Handle,
    /// 审核岗.
    Review,
    /// 值班岗.
    Duty,
}

impl Post {
    pub const ALL: [Self; 4] = [Self::Sign, Self::Handle, Self::Review, Self::Duty];
}

/// What a unit does not have yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    Process,
    Post(Post),
    /// 非工作时间无人值班: closed hours that passed with nobody on duty (articles 7 and 13).
    Roster,
}

impl Lack {
    /// The name in exports and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Post(Post::Sign) => "sign",
            Self::Post(Post::Handle) => "handle",
            Self::Post(Post::Review) => "review",
            Self::Post(Post::Duty) => "duty",
            Self::Roster => "roster",
        }
    }

    /// The lack of this name.
    pub fn from_code(code: &str) -> Option<Self> {
        let posts = Post::ALL.into_iter().map(Self::Post);
        [Self::Process, Self::Roster]
            .into_iter()
            .chain(posts)
            .find(|lack| lack.code() == code)
    }

    /// The name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "办理流程文件",
            Self::Post(Post::Sign) => "签收岗",
            Self::Post(Post::Handle) => "承办岗",
            Self::Post(Post::Review) => "审核岗",
            Self::Post(Post::Duty) => "值班岗",
            Self::Roster => "非工作时间值班",
        }
    }
}

impl Posts {
    /// The people of one post.
    pub fn of(&self, post: Post) -> &[String] {
        match post {
            Post::Sign => &self.sign,
            Post::Handle => &self.handle,
            Post::Review => &self.review,
            Post::Duty => &self.duty,
        }
    }
}

impl Posts {
    /// Everybody named, once for each post.
    pub fn everybody(&self) -> impl Iterator<Item = &str> {
        Post::ALL
            .into_iter()
            .flat_map(|post| self.of(post).iter().map(String::as_str))
    }
}

impl Profile {
    /// What is lacking, in the order of article 7.
    pub fn lacks(&self) -> Vec<Lack> {
        let process = self.process.is_none().then_some(Lack::Process);
        let posts = Post::ALL
            .into_iter()
            .filter(|post| self.posts.of(*post).is_empty())
            .map(Lack::Post);
        process.into_iter().chain(posts).collect()
    }
}

impl UnitKind {
    /// Whether article 7 speaks of it: a body that is given demands to handle.
    pub const fn handles_demands(self) -> bool {
        match self {
            Self::City | Self::Department | Self::Party | Self::Enterprise => true,
            Self::Platform | Self::Hotline => false,
        }
    }
}
