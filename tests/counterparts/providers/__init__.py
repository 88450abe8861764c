"""What each provider's API answers."""

from . import bridges, discord, hooks, ntfy, slack, teams, telegram, whatsapp

PROVIDERS = {
    "slack": slack.answer,
    "telegram": telegram.answer,
    "whatsapp": whatsapp.answer,
    "waha": bridges.waha,
    "evolution": bridges.evolution,
    "wwebjs": bridges.wwebjs,
    "twilio": bridges.twilio,
    "gateway": bridges.gateway,
    "discord": discord.answer,
    "teams": teams.answer,
    "mattermost": hooks.mattermost,
    "rocketchat": hooks.rocketchat,
    "googlechat": hooks.googlechat,
    "ntfy": ntfy.answer,
}
